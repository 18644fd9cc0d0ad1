"""Traces as Tempo has them."""

import base64
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import requests

from tests.e2e.polling import poll


@dataclass(frozen=True)
class Span:
    """One span as Tempo returns it; ids in hex."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    start_ns: int
    seconds: float
    status: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True)
class Node:
    """A span without its ids and times, and its children in the order of their start."""

    name: str
    kind: str
    status: str
    attributes: dict[str, Any]
    children: "tuple[Node, ...]" = ()


def trees(spans: Iterable[Span]) -> tuple[Node, ...]:
    """Arrange the spans of one trace as trees; a span whose parent is missing is a root."""
    found = sorted(spans, key=lambda span: span.start_ns)
    known = {span.span_id for span in found}

    def below(parent: str | None) -> tuple[Node, ...]:
        children = [
            span
            for span in found
            if (span.parent_span_id if span.parent_span_id in known else None) == parent
        ]
        return tuple(
            Node(span.name, span.kind, span.status, span.attributes, below(span.span_id))
            for span in children
        )

    return below(None)


def _hex(identifier: str) -> str:
    return base64.b64decode(identifier).hex() if identifier else ""


def _values(attributes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {item["key"]: _value(item["value"]) for item in attributes}


def _value(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "arrayValue":
        return [_value(item) for item in content.get("values", [])]
    return int(content) if kind == "intValue" else content


def spans_of(tempo_url: str, trace_id: str) -> list[Span]:
    """Return the spans of one trace, roots first; empty when Tempo does not have it."""
    response = requests.get(f"{tempo_url}/api/traces/{trace_id}", timeout=60)
    if response.status_code == 404:
        return []
    response.raise_for_status()
    spans = [
        Span(
            trace_id=_hex(span["traceId"]),
            span_id=_hex(span["spanId"]),
            parent_span_id=_hex(span.get("parentSpanId", "")),
            name=span["name"],
            kind=span["kind"].removeprefix("SPAN_KIND_"),
            start_ns=int(span["startTimeUnixNano"]),
            seconds=(int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e9,
            status=span.get("status", {})
            .get("code", "STATUS_CODE_UNSET")
            .removeprefix("STATUS_CODE_"),
            attributes=_values(span.get("attributes", [])),
            resource=_values(batch["resource"]["attributes"]),
        )
        for batch in response.json()["batches"]
        for scope in batch["scopeSpans"]
        for span in scope["spans"]
    ]
    return sorted(spans, key=lambda span: span.parent_span_id)


def wait_for_trace(tempo_url: str, trace_id: str, *, spans: int = 1) -> list[Span]:
    """Return the spans of one trace once Tempo has at least ``spans`` of them."""
    return poll(
        lambda: found if len(found := spans_of(tempo_url, trace_id)) >= spans else [],
        what=f"trace {trace_id} with {spans} spans",
    )


def trace_id_of(request_id: str) -> str:
    """Return the id of the trace of a request that began its trace."""
    return uuid.UUID(request_id).hex
