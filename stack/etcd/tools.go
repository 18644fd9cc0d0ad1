//go:build tools

// Package tools names the command that stack/cluster builds, so that go.mod and go.sum pin it.
package tools

import _ "go.etcd.io/etcd/server/v3"
