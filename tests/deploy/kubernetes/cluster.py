"""What the tests read of a control plane, and how they wait for it."""

from typing import Any

from stack.cluster.control_plane import Called, ControlPlane
from tests.support.polling import wait_until

NAMESPACE = "/apis/{}/namespaces/serene/{}"
PATIENCE_SECONDS = 180.0
"""For what takes up to half a minute on an idle machine."""


def deployment(plane: ControlPlane, name: str = "serene") -> dict[str, Any]:
    found: dict[str, Any] = plane.read(NAMESPACE.format("apps/v1", f"deployments/{name}"))
    return found


def replicas(plane: ControlPlane) -> int:
    """How many pods of the service are wanted."""
    wanted: int = deployment(plane)["spec"]["replicas"]
    return wanted


def pods(plane: ControlPlane, component: str = "api", namespace: str = "serene") -> list[Any]:
    """The pods of a component that have not ended."""
    selector = f"?labelSelector=app.kubernetes.io/component%3D{component}"
    found = plane.read(f"/api/v1/namespaces/{namespace}/pods{selector}")["items"]
    return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_rolled_out(plane: ControlPlane, name: str = "serene") -> bool:
    """Whether every pod is of the newest template, and available."""
    found = deployment(plane, name)
    status, wanted = found.get("status", {}), found["spec"]["replicas"]
    return bool(
        status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("replicas") == wanted
        and status.get("updatedReplicas") == wanted
        and status.get("availableReplicas") == wanted
    )


def wait_until_rolled_out(plane: ControlPlane, at_least: int) -> None:
    wait_until(
        lambda: is_rolled_out(plane) and deployment(plane)["spec"]["replicas"] >= at_least,
        timeout_seconds=PATIENCE_SECONDS,
        interval_seconds=0.2,
        what=f"{at_least} pods of the newest template",
    )


def run(plane: ControlPlane, *arguments: str) -> Called:
    """Run kubectl in the namespace of the service, which has to succeed."""
    called = plane.kubectl("--namespace=serene", *arguments)
    assert called.code == 0, called.error
    return called


def conditions(found: dict[str, Any]) -> dict[str, str]:
    """The reasons of conditions, by their type and status."""
    return {
        f"{each['type']}={each['status']}": each["reason"]
        for each in found.get("status", {}).get("conditions", ())
    }
