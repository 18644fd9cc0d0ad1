//go:build tools

// Package tools names the command that stack/backends.py builds, so that go.mod and go.sum pin it.
package tools

import _ "github.com/grafana/loki/v3/cmd/loki"
