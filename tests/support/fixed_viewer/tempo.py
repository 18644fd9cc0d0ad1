"""Tempo's answers: the recorded slow request, one trace of many spans, and a list of slow traces.

Source: Tempo's documentation, "HTTP API".
"""

import base64
import json
from typing import Any, Final

from tests.support.fixed_viewer.moment import (
    FIXTURES,
    MANY_SPANS,
    MANY_SPANS_TRACE_ID,
    NOW,
    TRACE_ID,
)
from tests.support.fixed_viewer.prometheus import Form

_TRACES: Final = "/api/traces/"
_MILLISECOND: Final = 1_000_000


def answer(path: str, _form: Form) -> object | None:
    """Return the JSON of an answer; None for a trace that there is not."""
    if not path.startswith(_TRACES):
        return _fixture("tempo-search.json")
    match path.removeprefix(_TRACES):
        case trace_id if trace_id == TRACE_ID:
            return _fixture("tempo-trace.json")
        case trace_id if trace_id == MANY_SPANS_TRACE_ID:
            return _many_spans()
        case _:
            return None


def _fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return found


def _many_spans() -> object:
    """Return one request with 999 commands below it, in batches of ten."""
    batch: dict[str, Any] = _fixture("tempo-trace.json")["batches"][0]
    scope = batch["scopeSpans"][0]["scope"]
    spans = [_span(number) for number in range(MANY_SPANS)]
    batch["scopeSpans"] = [{"scope": scope, "spans": spans}]
    return {"batches": [batch]}


def _span(number: int) -> dict[str, Any]:
    start = (NOW - 900) * 1000 * _MILLISECOND + number * 2 * _MILLISECOND
    span: dict[str, Any] = {
        "traceId": _base64(int(MANY_SPANS_TRACE_ID, 16), 16),
        "spanId": _base64(number + 1, 8),
        "name": "POST /api/v1/sessions/bookings" if number == 0 else f"find slots {number:03d}",
        "kind": "SPAN_KIND_SERVER" if number == 0 else "SPAN_KIND_CLIENT",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + (2 * MANY_SPANS if number == 0 else 8) * _MILLISECOND),
        "attributes": [],
        "status": {},
    }
    if number:
        # The first of each ten is below the request, the others below it.
        is_first = number % 10 == 1
        span["parentSpanId"] = _base64(1 if is_first else number - (number - 1) % 10 + 1, 8)
        span["attributes"] = [
            {"key": "db.system.name", "value": {"stringValue": "mongodb"}},
            {"key": "db.collection.name", "value": {"stringValue": "slots"}},
        ]
    return span


def _base64(number: int, length: int) -> str:
    return base64.b64encode(number.to_bytes(length, "big")).decode()
