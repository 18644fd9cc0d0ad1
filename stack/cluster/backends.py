"""What is built for a control plane, as backends that only tests and `./serene kubernetes` need.

A real one takes no containers: its four programs and etcd are Go modules. kwok pretends nodes and
pods; prometheus-adapter (patched for Kubernetes' libraries of the same version, which are then
compiled once) serves the autoscaler's metrics; kube-score reviews manifests.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stack.backend import Backend

VERSION: Final = "v1.34.4"
"""Of Kubernetes, as in stack/kubernetes/go.mod."""

_VERSION_VARIABLE: Final = "k8s.io/component-base/version.git"
_MAJOR, _MINOR = VERSION.removeprefix("v").split(".")[:2]


def _tool(
    name: str, module: str, packages: Mapping[str, str], linked: Mapping[str, str] | None = None
) -> Backend:
    return Backend(
        name=name,
        ports={},
        command=(),
        url="",
        ready="",
        module=module,
        packages=packages,
        linked=linked or {},
        optional=True,
    )


_TOOLS = (
    _tool("etcd", "etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    _tool(
        "kubernetes",
        "kubernetes",
        {
            command: f"k8s.io/kubernetes/cmd/{command}"
            for command in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubectl",
            )
        },
        # Without it kubectl refuses the server, and the server its own API versions.
        {
            f"{_VERSION_VARIABLE}Version": VERSION,
            f"{_VERSION_VARIABLE}Major": _MAJOR,
            f"{_VERSION_VARIABLE}Minor": _MINOR,
        },
    ),
    _tool("kwok", "kubernetes", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
    _tool(
        "prometheus-adapter",
        "kubernetes",
        {"adapter": "sigs.k8s.io/prometheus-adapter/cmd/adapter"},
    ),
    _tool("kube-score", "kubernetes", {"kube-score": "github.com/zegl/kube-score/cmd/kube-score"}),
)

TOOLS: Mapping[str, Backend] = MappingProxyType({tool.name: tool for tool in _TOOLS})
