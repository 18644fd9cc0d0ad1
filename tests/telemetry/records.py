"""Records for tests: one request, in flight or completed, whose facts a test changes by name."""

import dataclasses
from typing import Any

from telemetry.requests.completed import CompletedRequest, freeze
from telemetry.requests.record import RequestRecord
from telemetry.requests.recorder import account_phases

BASE = RequestRecord(
    request_id="6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d",
    trace_id="6f1c1f6e8f7e4a3b9c1d2e3f4a5b6c7d",
    method="GET",
    method_label="GET",
    path="/api/v1/blog/posts/calm",
    query="page=REDACTED&token=REDACTED",
    scheme="http",
    host="serene.test:8000",
    client_address="192.0.2.1",
    user_agent="test/1",
    started_unix_ns=1_700_000_000_000_000_000,
    started_ns=1_000_000_000,
    span_id="00f067aa0ba902b7",
    sampled=True,
    route="/api/v1/blog/posts/<slug>",
    status=200,
    slow_after_seconds=1.0,
)


def record(**facts: Any) -> RequestRecord:
    """A copy of ``BASE`` with some facts changed."""
    return dataclasses.replace(BASE, **{**_own(), **facts})


def _own() -> dict[str, Any]:
    """What each record has of its own."""
    return {"phase_seconds": {}, "open_waits": [], "named_later": None}


def completed(**facts: Any) -> CompletedRequest:
    """The same request as sinks receive it, answered unless ``outcome`` is among the facts."""
    request = record(**facts)
    account_phases(request)
    return freeze(request)
