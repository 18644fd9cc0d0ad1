"""The way of the autoscaler's metrics on one machine: pods' series, the real Prometheus, and the
real prometheus-adapter with the committed configuration, registered at kube-apiserver.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from stack.backends import BY_NAME
from stack.build import Builder
from stack.cluster.control_plane import ControlPlane
from telemetry.names import ACTIVE_REQUESTS, REQUEST_PHASE
from tests.deploy.kubernetes import cluster
from tests.deploy.kubernetes.manifests import FOLDER
from tests.support.ports import free_port

CONFIG = FOLDER / "components" / "monitoring" / "namespaced" / "generated" / "adapter.yaml"
GROUP = "custom.metrics.k8s.io"
VERSIONS = ("v1beta1", "v1beta2")


class Load:
    """What the pods of the service report, as Prometheus would have it after its scrape: they share
    the requests in flight, and those that wait for a hub.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._waited: defaultdict[str, float] = defaultdict(float)
        self._read_at = time.monotonic()
        self.in_flight = 6.0
        self.waiting = 0.3

    def text(self) -> str:
        lines = []
        pods = [pod["metadata"]["name"] for pod in cluster.pods(self._plane)]
        passed, self._read_at = time.monotonic() - self._read_at, time.monotonic()
        for pod in pods:
            labels = f'service_name="serene",namespace="serene",pod="{pod}"'
            self._waited[pod] += self.waiting / len(pods) * passed
            active = f'{ACTIVE_REQUESTS.name}{{{labels},http_request_method="GET"}}'
            phase = f'{REQUEST_PHASE.name}{{{labels},http_route="/",phase="hub_wait"}}'
            lines.append(f"process_start_time_seconds{{{labels}}} 1")
            lines += [f"{active} {self.in_flight / len(pods)}", f"{phase} {self._waited[pod]}"]
        return "\n".join(lines) + "\n"


@contextmanager
def served(load: Load) -> Iterator[int]:
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

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def start_prometheus(plane: ControlPlane, builder: Builder, target: int, folder: Path) -> int:
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


def start_adapter(plane: ControlPlane, prometheus_port: int) -> None:
    """Start prometheus-adapter and register it."""
    port = free_port()
    configuration = plane.place.kubeconfig()
    plane.start(
        "adapter",
        plane.program("adapter"),
        f"--config={CONFIG}",
        f"--prometheus-url=http://127.0.0.1:{prometheus_port}/",
        "--metrics-relist-interval=1s",
        *("--bind-address=127.0.0.1", f"--secure-port={port}"),
        f"--cert-dir={plane.folder / 'adapter'}",
        f"--lister-kubeconfig={configuration}",
        f"--authentication-kubeconfig={configuration}",
        f"--authorization-kubeconfig={configuration}",
    )
    service = {"name": "prometheus-adapter", "namespace": "monitoring"}
    plane.apply(
        [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": service,
                # No pod serves it here: kube-apiserver follows the name.
                "spec": {"type": "ExternalName", "externalName": "localhost"},
            },
            *(
                _api_service(version, service | {"port": port})
                for version in ("v1beta1", "v1beta2")
            ),
        ]
    )


def value(plane: ControlPlane, metric: str) -> float | None:
    """The sum of a custom metric over the pods of the service; None until it exists."""
    status, _ = plane.get(path := f"/apis/{GROUP}/v1beta2/namespaces/serene/pods/*/{metric}")
    if status != 200:
        return None
    items = plane.read(path)["items"]
    return sum(_quantity(each["value"]) for each in items) if items else None


def _quantity(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def _api_service(version: str, service: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{version}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "version": version,
            "service": service,
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }
