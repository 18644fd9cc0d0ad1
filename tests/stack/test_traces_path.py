"""From OTLP to Tempo, through the Collector.

Spans are found by id and by search within seconds, and kept while Tempo is down.
"""

import secrets
import signal
import time
from functools import partial
from typing import Any

import pytest
import requests

from stack.runner import Stack
from tests.support.polling import wait_until, wait_until_equal

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 10.0
ROUTE = "GET /api/v1/blog/posts"
SERVER_SPAN = (ROUTE, "SPAN_KIND_SERVER")


def send_span(stack: Stack, trace_id: str, span_id: str) -> None:
    """Send one server span as OTLP/HTTP in JSON."""
    now = time.time_ns()
    span = {
        "traceId": trace_id,
        "spanId": span_id,
        "name": ROUTE,
        "kind": 2,
        "startTimeUnixNano": str(now - 5_000_000),
        "endTimeUnixNano": str(now),
        "attributes": [{"key": "http.route", "value": {"stringValue": "/api/v1/blog/posts"}}],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "serene"}}]}
    body = {
        "resourceSpans": [
            {"resource": resource, "scopeSpans": [{"scope": {"name": "serene"}, "spans": [span]}]}
        ]
    }
    requests.post(f"{stack.url('collector')}/v1/traces", json=body, timeout=60).raise_for_status()


def spans_by_id(stack: Stack, trace_id: str) -> list[tuple[str, str]]:
    answer = requests.get(f"{stack.url('tempo')}/api/traces/{trace_id}", timeout=60)
    batches: list[dict[str, Any]] = answer.json()["batches"] if answer.status_code == 200 else []
    return [
        (span["name"], span["kind"])
        for batch in batches
        for scope in batch["scopeSpans"]
        for span in scope["spans"]
    ]


def found_by_search(stack: Stack) -> list[tuple[str, str]]:
    query = '{resource.service.name="serene" && span.http.route="/api/v1/blog/posts"}'
    answer = requests.get(
        f"{stack.url('tempo')}/api/search", params={"q": query}, timeout=60
    ).json()
    return [(trace["traceID"].zfill(32), trace["rootTraceName"]) for trace in answer["traces"]]


def is_found_by_search(stack: Stack, trace_id: str) -> bool:
    return (trace_id, ROUTE) in found_by_search(stack)


def test_span_is_found_by_id_and_by_search_within_ten_seconds(own_stack: Stack) -> None:
    for name in ("collector", "tempo"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    trace_id = secrets.token_hex(16)
    send_span(own_stack, trace_id, secrets.token_hex(8))
    sent = time.monotonic()
    wait_until_equal(partial(spans_by_id, own_stack, trace_id), [SERVER_SPAN])
    wait_until(partial(is_found_by_search, own_stack, trace_id), what="the trace in a search")
    assert time.monotonic() - sent < WITHIN_SECONDS


def test_span_sent_while_tempo_is_down_arrives_later_and_survives_a_crash_of_tempo(
    own_stack: Stack,
) -> None:
    own_stack.start("collector")
    own_stack.wait_ready("collector")
    trace_id = secrets.token_hex(16)
    send_span(own_stack, trace_id, secrets.token_hex(8))
    own_stack.start("tempo")
    own_stack.wait_ready("tempo")
    wait_until_equal(lambda: spans_by_id(own_stack, trace_id), [SERVER_SPAN])
    # In a search once it is in the write-ahead log, which a killed Tempo reads at its start.
    wait_until_equal(lambda: found_by_search(own_stack), [(trace_id, ROUTE)])
    own_stack.stop("tempo", signal.SIGKILL)
    own_stack.start("tempo")
    own_stack.wait_ready("tempo")
    wait_until_equal(lambda: spans_by_id(own_stack, trace_id), [SERVER_SPAN])
