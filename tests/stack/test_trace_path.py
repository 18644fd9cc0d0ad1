"""`serene trace` finds a request by what a proxy called it, from the service's span to Tempo."""

from argparse import Namespace
from functools import partial
from pathlib import Path

import pytest
import requests

from stack import paths, trace
from stack.errors import StackError
from stack.runner import Stack
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing import Tracing
from telemetry.tracing.attributes import server_span_attributes
from telemetry.tracing.batch import BatchEncoder
from tests.support.polling import wait_until
from tests.telemetry.records import record

pytestmark = pytest.mark.e2e

IDS = (
    "11111111-2222-9333-8444-555555555555",
    "0af7651916cd93dd8448eb211c80319c",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "Root=1-67891233-abcdef012345678912345678",
)
SEARCHED = (*IDS, "1-67891233-abcdef012345678912345678")
OURS = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"


def send_span(stack: Stack) -> None:
    """Send the server span of a request that a proxy gave four ids."""
    guard = Guard(strict=True, on_error=print)
    tracing = Tracing(TelemetryConfig(service_name="serene"), Metrics(), guard)
    with tracing.tracer.start_as_current_span("GET /posts") as span:
        span.set_attributes(
            server_span_attributes(record(request_id=OURS, correlation_ids=IDS), "HTTP/1.1")
        )
    encoder = BatchEncoder(tracing.outlet.resource, guard)
    body = encoder.body(encoder.encode(tracing.queue.take(1)))
    headers = {"Content-Type": "application/x-protobuf"}
    requests.post(
        f"{stack.url('collector')}/v1/traces", data=body, headers=headers, timeout=60
    ).raise_for_status()


def printed(stack: Stack, searched: str, capsys: pytest.CaptureFixture[str]) -> str:
    try:
        trace.trace(Namespace(port_offset=stack.offset, id=trace.request_id(searched)))
    except StackError:
        return ""
    return capsys.readouterr().out


def test_ids_of_a_proxy_find_the_trace_and_the_log_line(
    own_stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "state_directory", lambda _offset: own_stack.directory)
    for name in ("collector", "tempo"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    log: Path = own_stack.log_path("service")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f'{{"request_id":"{OURS}"}}\n{{"request_id":"another"}}\n')
    send_span(own_stack)
    capsys.readouterr()
    for searched in SEARCHED:
        out = wait_until(
            partial(printed, own_stack, searched, capsys), what=f"the trace of {searched}"
        )
        drawn, line = out.rstrip("\n").split("\n\n")
        assert drawn.startswith("GET /posts ")
        assert line == f'{{"request_id":"{OURS}"}}'
    assert printed(own_stack, "another-id", capsys) == ""
