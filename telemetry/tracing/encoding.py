"""Spans as OTLP protobuf, by functions of our own.

The official encoder builds an object for each value before it writes bytes: 50 µs a span where this
takes two. Each span is written alone, as the field of ``ScopeSpans`` that holds it, so that a batch
is joined from parts. Written as the official encoder does, but for what it leaves out: the trace's
flags, and the trace state of links.

Source: ``opentelemetry/proto/trace/v1/trace.proto``, OTLP 1.x.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import SpanContext, SpanKind, Status, TraceFlags

from telemetry.tracing.scope import Scope
from telemetry.tracing.span_parts import SpanEvent, SpanLink
from telemetry.tracing.wire import MAX_UNSIGNED, SHORT, field, fixed64, pairs, utf8, varint

if TYPE_CHECKING:
    from telemetry.tracing.resource import ProcessResource
    from telemetry.tracing.span import Span

SLICE_SPANS: Final = 16
"""Spans that are encoded without a pause."""

ATTRIBUTES: Final = b"\x4a"
"""The tag of ``Span.attributes``."""

KINDS: Final = {kind: b"\x30" + SHORT[kind.value + 1] for kind in SpanKind}
HAS_IS_REMOTE: Final = 0x100
IS_REMOTE: Final = 0x200
SENT: Final = HAS_IS_REMOTE | int(TraceFlags.SAMPLED)
_flags: Final = Struct("<2sI").pack
_link_flags: Final = Struct("<cI").pack

times: Final = Struct("<cQcQ").pack
"""Start and end of a span, each after its tag: ``\\x39`` and ``\\x41``."""


def encoded_span(span: "Span", attributes: Mapping[str, Any]) -> bytes:
    """One span, as the field of ``ScopeSpans`` that holds it.

    Args:
        span: Ended.
        attributes: Its own, or those that stand for them.
    """
    parts = beginning(span)
    parts += (_moment(b"\x39", span.start_time), _moment(b"\x41", span.end_time))
    if attributes:
        parts.append(pairs(ATTRIBUTES, attributes))
    return finished(span, parts)


def beginning(span: "Span") -> list[bytes]:
    """The ids, the name and the kind."""
    return [*ids(span), name_field(span.name), KINDS.get(span.kind) or KINDS[SpanKind.INTERNAL]]


def ids(span: "Span") -> tuple[bytes, ...]:
    """The ids of the trace, of the span and of its parent, and the trace state."""
    trace = span.trace
    trace_id, span_id = trace.trace_id.to_bytes(16, "big"), span.span_id.to_bytes(8, "big")
    state, parent = trace.trace_state, span.parent_span_id
    return (
        b"\x0a\x10",
        trace_id,
        b"\x12\x08",
        span_id,
        encoded_state(state) if state else b"",
        parent_id(parent) if parent else b"",
    )


def parent_id(span_id: int) -> bytes:
    """The id of the parent of a span."""
    return b"\x22\x08" + span_id.to_bytes(8, "big")


def name_field(name: str) -> bytes:
    """The name of a span; user code may have given something else than a text."""
    return field(b"\x2a", utf8(str(name))) if name else b""


def finished(span: "Span", parts: list[bytes]) -> bytes:
    """All parts of a span up to its attributes, with those that come after them."""
    if span.kept_events is not None or span.kept_links is not None or span.dropped_attributes:
        _append_rare(span, parts)
    status, flags = span.kept_status, flags_of(span)
    if status.description:
        parts.append(_status(status))
        parts.append(_flags(b"\x85\x01", flags))
    else:
        parts.append(tail(status.status_code.value, flags))
    body = b"".join(parts)
    return b"".join((b"\x12", varint(len(body)), body))


def flags_of(span: "Span") -> int:
    """What is written is kept: the sampled flag is set."""
    parent = span.foreign_parent
    if parent is not None and parent.is_remote:
        return SENT | IS_REMOTE | span.trace.random_flag
    return SENT | span.trace.random_flag


def _append_rare(span: "Span", parts: list[bytes]) -> None:
    if span.dropped_attributes:
        parts.append(b"\x50" + varint(span.dropped_attributes))
    parts.extend(field(b"\x5a", _event(event)) for event in span.kept_events or ())
    if span.dropped_events:
        parts.append(b"\x60" + varint(span.dropped_events))
    parts.extend(field(b"\x6a", _link(link)) for link in span.kept_links or ())
    if span.dropped_links:
        parts.append(b"\x70" + varint(span.dropped_links))


@lru_cache(maxsize=64)
def tail(code: int, flags: int) -> bytes:
    """A status without a description, and the flags."""
    status = b"\x7a\x02\x18" + SHORT[code] if code else b"\x7a\x00"
    return status + _flags(b"\x85\x01", flags)


def _status(status: Status) -> bytes:
    text = field(b"\x12", utf8(status.description or ""))
    return field(b"\x7a", text + b"\x18" + SHORT[status.status_code.value])


def _moment(tag: bytes, moment: float | None) -> bytes:
    """A moment that a user's code may have given, in the numbers that OTLP has; 0 is left out."""
    number = min(max(int(moment or 0), 0), MAX_UNSIGNED)
    return fixed64(tag, number) if number else b""


@lru_cache(maxsize=256)
def encoded_state(text: str) -> bytes:
    """The trace state of a span."""
    return field(b"\x1a", utf8(text))


def _event(event: SpanEvent) -> bytes:
    parts = [_moment(b"\x09", event.timestamp)]
    if event.name:
        parts.append(field(b"\x12", utf8(str(event.name))))
    if event.attributes:
        parts.append(pairs(b"\x1a", event.attributes))
    if event.dropped_attributes:
        parts.append(b"\x20" + varint(event.dropped_attributes))
    return b"".join(parts)


def _link(link: SpanLink) -> bytes:
    context: SpanContext = link.context
    parts = [
        b"\x0a\x10",
        (context.trace_id & (1 << 128) - 1).to_bytes(16, "big"),
        b"\x12\x08",
        (context.span_id & MAX_UNSIGNED).to_bytes(8, "big"),
    ]
    if context.trace_state:
        parts.append(field(b"\x1a", utf8(context.trace_state.to_header())))
    if link.attributes:
        parts.append(pairs(b"\x22", link.attributes))
    if link.dropped_attributes:
        parts.append(b"\x28" + varint(link.dropped_attributes))
    flags = HAS_IS_REMOTE | (context.trace_flags & 0xFF) | (IS_REMOTE if context.is_remote else 0)
    parts.append(_link_flags(b"\x35", flags))
    return b"".join(parts)


def scope_parts(scope: Scope) -> tuple[bytes, bytes]:
    """What comes before the spans in a ``ScopeSpans``, and what comes after; encoded once."""
    if scope.encoded is None:
        inner = b"".join(
            (
                field(b"\x0a", utf8(scope.name)) if scope.name else b"",
                field(b"\x12", utf8(scope.version)) if scope.version else b"",
                pairs(b"\x1a", dict(scope.attributes)),
            )
        )
        after = field(b"\x1a", utf8(scope.schema_url)) if scope.schema_url else b""
        scope.encoded = field(b"\x0a", inner), after
    return scope.encoded


def request_parts(resource: "ProcessResource", spans: Sequence[tuple[Scope, bytes]]) -> list[bytes]:
    """An ``ExportTraceServiceRequest`` in parts: one resource, the spans grouped by scope.

    Args:
        resource: Of the process.
        spans: Each with its scope, encoded.
    """
    by_scope: dict[Scope, list[bytes]] = {}
    before: Scope | None = None
    for scope, span in spans:
        if scope is not before:  # most are of the scope of the one before
            before, of_scope = scope, by_scope.setdefault(scope, [])
        of_scope.append(span)
    parts: list[bytes] = [resource.encoded]
    for scope, encoded in by_scope.items():
        head, end = scope_parts(scope)
        length = len(head) + len(end) + sum(map(len, encoded))
        parts += (b"\x12", varint(length), head, *encoded, end)
    return [b"\x0a", varint(sum(map(len, parts))), *parts]
