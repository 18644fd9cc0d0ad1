"""An overlay on a control plane, with the nodes and definitions that a cluster would have."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stack import paths
from stack.cluster.control_plane import Called, ControlPlane
from stack.cluster.settings import SERVICE
from stack.errors import StackError

OVERLAYS: Final = ("dev", "production", "region")
REGION: Final = "eu-central-1"
_DEFINITIONS: Final = Path(__file__).parent / "definitions"
_SECONDS: Final = 60


def overlay_path(name: str) -> Path:
    """Return the folder of an overlay."""
    return paths.ROOT / "deploy" / "kubernetes" / "overlays" / name


def render(plane: ControlPlane, overlay: str) -> str:
    """Return the objects of an overlay, as YAML. Raises: StackError when kustomize fails."""
    called = plane.kubectl("kustomize", str(overlay_path(overlay)))
    if called.code != 0:
        raise StackError(f"kubectl kustomize {overlay} failed: {called.error.strip()[:2000]}")
    return called.output


def furnish(plane: ControlPlane, node_count: int) -> None:
    """Give a control plane what the overlays expect of a cluster.

    Args:
        plane: Runs.
        node_count: Pretended nodes, spread over three zones.

    Raises: StackError when the definitions are not established within a minute.
    """
    for file in sorted(_DEFINITIONS.glob("*.yaml")):
        plane.apply(file.read_text(encoding="utf-8"))
    plane.apply([_node(number) for number in range(node_count)])
    plane.apply([namespace("monitoring"), namespace("ingress-nginx"), namespace(SERVICE)])
    called = plane.kubectl(
        "wait", "--for=condition=Established", f"--timeout={_SECONDS}s", "crd", "--all"
    )
    if called.code != 0:
        raise StackError(f"definitions are not established: {called.error.strip()}")


def install(plane: ControlPlane, overlay: str, secrets: Mapping[str, str]) -> Called:
    """Apply an overlay, and the Secret that production leaves to its operator.

    Returns: with the server's warnings as its error.
    Raises: StackError with what the server refused.
    """
    if overlay != "dev":
        plane.apply([_secret(secrets)])
    return plane.apply(render(plane, overlay))


def namespace(name: str) -> dict[str, Any]:
    """Return a namespace without a rule of its own."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _secret(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "serene-secrets", "namespace": SERVICE},
        "stringData": dict(values),
    }


def _node(number: int) -> dict[str, Any]:
    name = f"node-{number}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": f"{REGION}{'abc'[number % 3]}",
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
