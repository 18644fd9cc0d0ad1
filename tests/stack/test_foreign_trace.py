"""A foreign app's trace is whole in Tempo, by our provider as by the SDK's."""

from functools import partial
from typing import Any

import pytest
import requests
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from stack.runner import Stack
from tests.support.polling import wait_until
from tests.telemetry.tracing.collector import spans_of
from tests.telemetry.tracing.foreign_app import as_json
from tests.telemetry.tracing.test_foreign_app import check_equal, comparable, run_app

pytestmark = pytest.mark.e2e

SPANS = 7


def in_tempo(stack: Stack, trace_id: str) -> list[Any]:
    """The spans of a trace as JSON; empty while Tempo does not have all of them."""
    response = requests.get(f"{stack.url('tempo')}/api/traces/{trace_id}", timeout=60)
    if response.status_code == 404:
        return []
    response.raise_for_status()
    batches = response.json()["batches"]
    request = ParseDict({"resourceSpans": batches}, ExportTraceServiceRequest())
    spans: list[Any] = as_json(spans_of([request.SerializeToString()]))
    for one in (*spans, *(link for span in spans for link in span.get("links", ()))):
        one.pop("flags", None)  # Tempo keeps some of them
    return spans if len(spans) == SPANS else []


def delivered(stack: Stack, provider: str) -> list[Any]:
    found = run_app(provider, stack.url("collector"))
    in_it = wait_until(partial(in_tempo, stack, found["trace"]), what=f"a trace of {provider}")
    spans: list[Any] = comparable(in_it, found["port"])
    return spans


def test_foreign_trace_is_the_same_in_tempo_by_both_providers(own_stack: Stack) -> None:
    for name in ("collector", "tempo"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    check_equal(delivered(own_stack, "ours"), delivered(own_stack, "sdk"))
