"""The way of the autoscaler's metrics on one machine: pods' series, the real Prometheus, and the
real prometheus-adapter with the committed configuration, registered at kube-apiserver.

A second one serves processor time from the kubelet's series, as metrics-server does in a cluster:
there are no kubelets here that it could read.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml

from stack.backends import BY_NAME
from stack.build import Builder
from stack.cluster.control_plane import ControlPlane
from telemetry.names import ACTIVE_REQUESTS, REQUEST_PHASE
from tests.deploy.kubernetes import cluster
from tests.deploy.kubernetes.manifests import FOLDER
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.served import served

CONFIG: Final = FOLDER / "components" / "monitoring" / "namespaced" / "generated" / "adapter.yaml"
CUSTOM: Final = "custom.metrics.k8s.io"
RESOURCE: Final = "metrics.k8s.io"
_VERSIONS: Final = {CUSTOM: ("v1beta1", "v1beta2"), RESOURCE: ("v1beta1",)}
_WINDOW: Final = "10s"
_PATH: Final = cluster.NAMESPACE.format("autoscaling/v2", "horizontalpodautoscalers/serene")


class Load:
    """What the pods of the service and their kubelets report, as Prometheus would have it after its
    scrape: they share requests in flight, those that wait for a hub, and cores.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._waited: defaultdict[str, float] = defaultdict(float)
        self._computed: defaultdict[str, float] = defaultdict(float)
        self._read_at = time.monotonic()
        self.pods_are_scraped = True
        self.calm()

    def calm(self) -> None:
        """Report a service without requests."""
        self.in_flight, self.waiting, self.cores = 0.0, 0.0, 0.1

    def text(self) -> str:
        pods = [pod["metadata"]["name"] for pod in cluster.pods(self._plane)]
        passed, self._read_at = time.monotonic() - self._read_at, time.monotonic()
        lines: list[str] = []
        for pod in pods:
            self._waited[pod] += self.waiting / len(pods) * passed
            self._computed[pod] += self.cores / len(pods) * passed
            lines += self._of_kubelet(pod)
            if self.pods_are_scraped:
                lines += self._of_pod(pod, self.in_flight / len(pods))
        return "\n".join(lines) + "\n"

    def _of_kubelet(self, pod: str) -> Iterator[str]:
        labels = f'{{namespace="serene",pod="{pod}",container="service"}}'
        yield f"container_cpu_usage_seconds_total{labels} {self._computed[pod]}"
        yield f"container_memory_working_set_bytes{labels} {2**27}"

    def _of_pod(self, pod: str, in_flight: float) -> Iterator[str]:
        labels = f'service_name="serene",namespace="serene",pod="{pod}"'
        yield f"process_start_time_seconds{{{labels}}} 1"
        # Series begin with the first request, and with the first that waits.
        if in_flight:
            yield f'{ACTIVE_REQUESTS.name}{{{labels},http_request_method="GET"}} {in_flight}'
        if waited := self._waited[pod]:
            yield f'{REQUEST_PHASE.name}{{{labels},http_route="/",phase="hub_wait"}} {waited}'


@dataclass(frozen=True, slots=True)
class Metrics:
    """Prometheus, and adapters that can be ended and started, on a control plane."""

    plane: ControlPlane
    load: Load
    folder: Path
    prometheus_port: int

    def start_adapter(self, group: str) -> None:
        """Start the prometheus-adapter of a group, and register it.

        Args:
            group: CUSTOM or RESOURCE; also the name of the program.
        """
        port = free_port()
        configuration = self.plane.place.kubeconfig()
        self.plane.start(
            group,
            self.plane.program("adapter"),
            f"--config={CONFIG if group == CUSTOM else self._resource_rules()}",
            f"--prometheus-url=http://127.0.0.1:{self.prometheus_port}/",
            "--metrics-relist-interval=1s",
            *("--bind-address=127.0.0.1", f"--secure-port={port}"),
            f"--cert-dir={self.plane.folder / group}",
            f"--lister-kubeconfig={configuration}",
            f"--authentication-kubeconfig={configuration}",
            f"--authorization-kubeconfig={configuration}",
        )
        service = {"name": group.replace(".", "-"), "namespace": "monitoring"}
        self.plane.apply(
            [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": service,
                    # No pod serves it here: kube-apiserver follows the name.
                    "spec": {"type": "ExternalName", "externalName": "localhost"},
                },
                *(
                    _api_service(group, version, service | {"port": port})
                    for version in _VERSIONS[group]
                ),
            ]
        )

    def _resource_rules(self) -> Path:
        path = self.folder / "resource-rules.yaml"
        chosen = '{<<.LabelMatchers>>,container!=""}'
        used = f"rate(container_cpu_usage_seconds_total{chosen}[{_WINDOW}])"
        rules = {
            "cpu": _resource_rule(used),
            "memory": _resource_rule(f"container_memory_working_set_bytes{chosen}"),
            "window": _WINDOW,
        }
        path.write_text(yaml.safe_dump({"resourceRules": rules}))
        return path


@contextmanager
def running(plane: ControlPlane, builder: Builder, folder: Path) -> Iterator[Metrics]:
    """Run the whole way, with a load of nothing."""
    load = Load(plane)
    with _served(load) as target:
        prometheus = _start_prometheus(plane, builder, target, folder)
        metrics = Metrics(plane, load, folder, prometheus)
        metrics.start_adapter(CUSTOM)
        metrics.start_adapter(RESOURCE)
        yield metrics


def read(plane: ControlPlane) -> set[str]:
    """The metrics that the autoscaler has values of."""
    found = plane.read(_PATH).get("status", {}).get("currentMetrics") or ()
    pods = {each["pods"]["metric"]["name"] for each in found if each["type"] == "Pods"}
    return pods | {each["resource"]["name"] for each in found if each["type"] == "Resource"}


def condition(plane: ControlPlane, kind: str) -> tuple[str, str]:
    """The reason and the message of one of the autoscaler's conditions; empty until it has it."""
    found = plane.read(_PATH).get("status", {}).get("conditions", ())
    return next(
        ((each["reason"], each["message"]) for each in found if each["type"] == kind), ("", "")
    )


def wait_until_metric_lacks(plane: ControlPlane, metric: str) -> None:
    """Wait until the autoscaler would remove pods, and lacks a metric for that."""
    wait_until(
        lambda: condition(plane, "ScalingActive")[0] == "FailedGetPodsMetric",
        timeout_seconds=cluster.PATIENCE_SECONDS,
        interval_seconds=0.2,
        what=f"an autoscaler without {metric}",
    )
    cause = f"the HPA was unable to compute the replica count: unable to get metric {metric}: "
    assert condition(plane, "ScalingActive")[1].startswith(cause)


def events(plane: ControlPlane) -> str:
    """The reasons and messages of the autoscaler's events, as lines."""
    chosen = f"fieldSelector=involvedObject.uid%3D{plane.read(_PATH)['metadata']['uid']}"
    found = plane.read(f"/api/v1/namespaces/serene/events?{chosen}")["items"]
    return "\n".join(f"{each['reason']}: {each['message']}" for each in found)


@contextmanager
def _served(load: Load) -> Iterator[int]:
    """Serve the load's text on a port of loopback; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = load.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)) as port:
        yield port


def _start_prometheus(plane: ControlPlane, builder: Builder, target: int, folder: Path) -> int:
    """Start Prometheus, which scrapes the target each second; returns its port."""
    port = free_port()
    job = {
        "job_name": "serene",
        "honor_labels": True,
        "scrape_interval": "1s",
        "static_configs": [{"targets": [f"127.0.0.1:{target}"]}],
    }
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump({"scrape_configs": [job]}))
    plane.start(
        "prometheus",
        builder.build(BY_NAME["prometheus"]) / "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    )
    return port


def _resource_rule(value: str) -> dict[str, Any]:
    return {
        "containerQuery": f"sum({value}) by (<<.GroupBy>>)",
        "containerLabel": "container",
        "resources": {
            "overrides": {name: {"resource": name} for name in ("namespace", "node", "pod")}
        },
    }


def _api_service(group: str, version: str, service: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{version}.{group}"},
        "spec": {
            "group": group,
            "version": version,
            "service": service,
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }
