"""What deploy/kubernetes asks for, as far as the model has a figure for it."""

from dataclasses import dataclass
from typing import Any, Final, Self

import yaml

from stack import paths

_KUBERNETES: Final = paths.ROOT / "deploy" / "kubernetes"
_MIB: Final = {"Mi": 1.0, "Gi": 1024.0}


@dataclass(frozen=True, slots=True)
class Manifests:
    """Figures of the manifests.

    Args:
        core_request: Cores of a pod.
        memory_request_mib, memory_limit_mib: Of a pod.
        least_pods, most_pods: Of the autoscaler.
        target_cores: Processor time of a pod at which it adds one.
        target_in_flight: Requests of a pod at which it adds one.
        scrape_seconds: Of a pod.
        gateways: Collectors that send spans on.
        gateway_cores: Most of each.
    """

    core_request: float
    memory_request_mib: float
    memory_limit_mib: float
    least_pods: int
    most_pods: int
    target_cores: float
    target_in_flight: float
    scrape_seconds: float
    gateways: int
    gateway_cores: float

    @classmethod
    def read(cls) -> Self:
        """Read the manifests."""
        resources = _container("base/deployment.yaml", "Deployment")["resources"]
        memory = _container("base/generated/numbers.yaml", "Deployment")["resources"]
        scaler = _document("base/autoscaler.yaml", "HorizontalPodAutoscaler")["spec"]
        targets = {one["type"]: one for one in reversed(scaler["metrics"])}
        request = cores(resources["requests"]["cpu"])
        gateway = _document("collectors/gateway/gateway.yaml", "Deployment")["spec"]
        monitor = _document("components/monitoring/namespaced/pod-monitors.yaml", "PodMonitor")[
            "spec"
        ]["podMetricsEndpoints"][0]
        limits = gateway["template"]["spec"]["containers"][0]["resources"]["limits"]
        return cls(
            core_request=request,
            memory_request_mib=mebibytes(memory["requests"]["memory"]),
            memory_limit_mib=mebibytes(memory["limits"]["memory"]),
            least_pods=scaler["minReplicas"],
            most_pods=scaler["maxReplicas"],
            target_cores=request
            * targets["Resource"]["resource"]["target"]["averageUtilization"]
            / 100,
            target_in_flight=float(targets["Pods"]["pods"]["target"]["averageValue"]),
            scrape_seconds=float(monitor["interval"].removesuffix("s")),
            gateways=gateway["replicas"],
            gateway_cores=cores(limits["cpu"]),
        )


def cores(quantity: str) -> float:
    """Return a quantity of processor time in cores.

    Source: Kubernetes, "Resource Management for Pods and Containers".
    """
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def mebibytes(quantity: str) -> float:
    """Return a quantity of memory in MiB."""
    return float(quantity[:-2]) * _MIB[quantity[-2:]]


def _document(file: str, kind: str) -> Any:
    documents = yaml.safe_load_all((_KUBERNETES / file).read_text(encoding="utf-8"))
    return next(one for one in documents if one and one["kind"] == kind)


def _container(file: str, kind: str) -> Any:
    return _document(file, kind)["spec"]["template"]["spec"]["containers"][0]
