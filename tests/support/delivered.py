"""The spans that wait in a worker's queue, as its receiver will read them.

They are encoded by the layer and decoded by ``opentelemetry-proto``, so a test of spans is one of
what is delivered.
"""

import functools
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from telemetry.guard import Guard
from telemetry.tracing.batch import BatchEncoder
from telemetry.tracing.resource import ProcessResource
from telemetry.tracing.span_queue import SpanQueue

IS_REMOTE = 0x200


@dataclass(frozen=True)
class Event:
    """An event of a span."""

    name: str
    timestamp: int
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Link:
    """A link of a span."""

    context: SpanContext
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Delivered:
    """A span, under the names that the SDK's readers have."""

    name: str
    kind: SpanKind
    context: SpanContext
    parent: SpanContext | None
    status: Status
    attributes: dict[str, Any]
    events: list[Event]
    links: list[Link]
    start_time: int
    end_time: int
    scope: str

    def get_span_context(self) -> SpanContext:
        """The context."""
        return self.context


def delivered(queue: SpanQueue, count: int = 1_000_000) -> list[Delivered]:
    """Take spans out of a queue; settled, in the order in which they were put.

    Args:
        queue: Of a worker whose exporter does not run.
        count: Most spans to take.
    """
    entries = queue.take(count)
    encoder = BatchEncoder(ProcessResource({}), Guard(strict=True, on_error=print))
    spans = [span for entry in entries for span in decoded(encoder.body(encoder.encode([entry])))]
    queue.settle(len(entries))
    return spans


def decoded(body: bytes) -> list[Delivered]:
    """The spans of a request's body."""
    return [
        _span(span, scope.scope.name)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _span(span: Span, scope: str) -> Delivered:
    trace_id, flags = int.from_bytes(span.trace_id), TraceFlags(span.flags & 0xFF)
    state = TraceState.from_header([span.trace_state]) if span.trace_state else TraceState()
    context = functools.partial(SpanContext, trace_id, trace_flags=flags, trace_state=state)
    parent = int.from_bytes(span.parent_span_id)
    return Delivered(
        span.name,
        SpanKind(span.kind - 1),
        context(int.from_bytes(span.span_id), is_remote=False),
        context(parent, is_remote=bool(span.flags & IS_REMOTE)) if parent else None,
        Status(StatusCode(span.status.code), span.status.message or None),
        attributes_of(span.attributes),
        [Event(one.name, one.time_unix_nano, attributes_of(one.attributes)) for one in span.events],
        [_link(one) for one in span.links],
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        scope,
    )


def _link(link: Span.Link) -> Link:
    context = SpanContext(
        int.from_bytes(link.trace_id),
        int.from_bytes(link.span_id),
        bool(link.flags & IS_REMOTE),
        TraceFlags(link.flags & 0xFF),
    )
    return Link(context, attributes_of(link.attributes))


def attributes_of(pairs: Any) -> dict[str, Any]:
    """Attributes by name; sequences as tuples, as the SDK keeps them."""
    names = [pair.key for pair in pairs]
    assert len(names) == len(set(names)), names
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return tuple(_value(one) for one in value.array_value.values)
    if kind == "kvlist_value":
        members: list[KeyValue] = list(value.kvlist_value.values)
        return {member.key: _value(member.value) for member in members}
    return getattr(value, kind) if kind else None
