"""The real Collector as an agent: a line of the kubelet's file reaches Loki as its writer meant."""

import gzip
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.backend import built
from tests.deploy.kubernetes import manifests
from tests.support.polling import wait_until
from tests.support.ports import free_port, free_ports
from tests.support.served import served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

POD = "serene_serene-5d4_0a1b2c3d-0000-4000-8000-000000000000"
TRACE = "0af7651916cd43dd8448eb211c80319c"
LINE = (
    '{"time":"2026-11-27T04:00:00.100000Z","level":"INFO","message":"request","service":"serene",'
    '"instance":"serene-5d4/0","environment":"production","request_id":"one",'
    f'"trace_id":"{TRACE}","span_id":"b7ad6b7169203331","route":"/x","status":200}}'
)
FILE = f"""\
2026-11-27T04:00:00.123456789Z stdout F {LINE}
2026-11-27T04:00:01.123456789Z stderr P Fatal Python
2026-11-27T04:00:01.123456789Z stderr F  error
"""


@contextmanager
def loki() -> Iterator[tuple[int, list[Any]]]:
    """Take lines by OTLP on a port of loopback; yields the port and the resources that came."""
    taken: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            taken.extend(ExportLogsServiceRequest.FromString(body).resource_logs)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)) as port:
        yield port, taken


@contextmanager
def agent(**environment: str) -> Iterator[None]:
    """Run the agent's configuration."""
    (container,) = manifests.pod(manifests.workloads("production")["serene-agent"])["containers"]
    folder = manifests.FOLDER / "collectors" / "agent" / "generated"
    arguments = [each.replace("/etc/otelcol", str(folder)) for each in container["args"]]
    process = subprocess.Popen(
        [built("collector") / "otelcol", *arguments], env=os.environ | environment
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def test_line_of_a_pod_reaches_loki_with_its_ids_and_its_pod(tmp_path):
    file = tmp_path / "pods" / POD / "service" / "0.log"
    file.parent.mkdir(parents=True)
    file.write_text(FILE)
    otlp, health, metrics = free_ports(3)
    with (
        loki() as (port, taken),
        agent(
            SERVICE_LOG_FILES=f'["{tmp_path}/pods/serene_serene-*/service/*.log"]',
            LOKI_OTLP_URL=f"http://127.0.0.1:{port}",
            COLLECTOR_DATA=str(tmp_path / "data"),
            COLLECTOR_OTLP_LISTEN=f"127.0.0.1:{otlp}",
            COLLECTOR_HEALTH_LISTEN=f"127.0.0.1:{health}",
            COLLECTOR_METRICS_HOST="127.0.0.1",
            COLLECTOR_METRICS_PORT=str(metrics),
        ),
    ):
        wait_until(lambda: len(taken) == 2, what="both lines")
    request, crash = sorted(taken, key=lambda each: len(each.resource.attributes), reverse=True)
    pod = {
        "k8s.namespace.name": "serene",
        "k8s.pod.name": "serene-5d4",
        "k8s.pod.uid": POD.rpartition("_")[2],
        "k8s.container.name": "service",
        "k8s.container.restart_count": "0",
        "service.name": "serene",
    }
    assert values(request.resource.attributes) == pod | {
        "service.instance.id": "serene-5d4/0",
        "deployment.environment.name": "production",
    }
    assert values(crash.resource.attributes) == pod
    (line,) = request.scope_logs[0].log_records
    assert (line.body.string_value, line.trace_id.hex()) == (LINE, TRACE)
    assert values(line.attributes) == {
        "level": "INFO",
        "request.id": "one",
        "http.route": "/x",
        "http.response.status_code": 200,
    }
    (line,) = crash.scope_logs[0].log_records
    assert line.body.string_value == "Fatal Python error"
