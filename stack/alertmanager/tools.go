//go:build tools

// Package tools names the commands that stack/backends.py builds, so that go.mod and go.sum pin them.
package tools

import (
	_ "github.com/prometheus/alertmanager/cmd/alertmanager"
	_ "github.com/prometheus/alertmanager/cmd/amtool"
)
