"""The spans of a trace, from what Tempo answers for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """One span, in nanoseconds since the epoch."""

    span_id: str
    parent_span_id: str
    name: str
    start_ns: int
    end_ns: int
    failed: bool
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


def spans_of(trace: Mapping[str, Any]) -> list[Span]:
    """Return the spans of a trace, each once.

    Args:
        trace: Tempo's JSON; an empty one has none.
    """
    found = {}
    for batch in trace.get("batches", []):
        resource = _attributes(batch["resource"].get("attributes", []))
        for scope in batch.get("scopeSpans", []):
            for span in scope.get("spans", []):
                found[span["spanId"]] = _span(span, resource)
    return list(found.values())


def _span(span: Mapping[str, Any], resource: Mapping[str, Any]) -> Span:
    return Span(
        span["spanId"],
        span.get("parentSpanId", ""),
        span["name"],
        int(span["startTimeUnixNano"]),
        int(span["endTimeUnixNano"]),
        span.get("status", {}).get("code") == "STATUS_CODE_ERROR",
        _attributes(span.get("attributes", [])),
        resource,
    )


def _attributes(attributes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values()), "") for each in attributes}
