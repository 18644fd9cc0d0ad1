//go:build tools

// Package tools names the commands that stack/cluster builds, so that go.mod and go.sum pin them. They are one module, so
// that the packages that they share are compiled once.
package tools

import (
	_ "github.com/zegl/kube-score/cmd/kube-score"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "sigs.k8s.io/kwok/cmd/kwok"
	_ "sigs.k8s.io/prometheus-adapter/cmd/adapter"
)
