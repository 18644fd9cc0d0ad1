"""The server span of a request: where it comes from is a seam with two sources.

Ours opens it before the app and closes it with the completed record, so it lasts until the last
byte. It becomes the current span of the serving greenlet by value, never by token: a response may
be iterated and closed in another greenlet, where a token cannot be given back.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

from telemetry.requests.record import RequestRecord
from telemetry.requests.traceparent import parse_tracestate
from telemetry.tracing.attributes import is_error, server_span_attributes, span_name
from telemetry.tracing.pipeline import Tracing

_NOWHERE = Context()


class ServerSpans(Protocol):
    """Opens and closes the server span of each request."""

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """Start the span and make it current; sets the record's ``span_id`` and ``sampled``.

        Args:
            record: Begun, and current in this greenlet.
            environ: Of the request.
        """

    def close(self, record: RequestRecord) -> None:
        """End the span as the completed record tells; called once, in whichever greenlet.

        ``record.sampled`` is false afterwards when the span will not be delivered, so that no
        exemplar names it: call this before the sinks that read it.
        """


@dataclass(slots=True)
class OpenSpan:
    """A span that has begun, kept on its record.

    Args:
        span: Recording or not.
        before: What was current in the serving greenlet before it.
        protocol: Of the request, such as ``HTTP/1.1``.
    """

    span: Span
    before: Context
    protocol: str


def remote_parent(record: RequestRecord) -> Context:
    """A context in which the caller's span is current, or an empty one when there is none."""
    if not record.parent_span_id:
        return _NOWHERE
    flags = TraceFlags.SAMPLED if record.parent_sampled else TraceFlags.DEFAULT
    if record.parent_random:
        flags |= TraceFlags.RANDOM_TRACE_ID
    parent = SpanContext(
        int(record.trace_id, 16),
        int(record.parent_span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(flags),
        trace_state=parse_tracestate(record.parent_trace_state)
        if record.parent_trace_state
        else None,
    )
    return set_span_in_context(NonRecordingSpan(parent), _NOWHERE)


def note_span(record: RequestRecord, span: Span) -> None:
    """Write a span's ids and decision onto its record."""
    context = span.get_span_context()
    record.span_id = f"{context.span_id:016x}"
    record.sampled = context.trace_flags.sampled


def make_current(span: Span) -> Context:
    """Make a span the current one; returns what to go back to, which is never a request that is
    over.
    """
    before = otel_context.get_current()
    otel_context.attach(set_span_in_context(span, _NOWHERE))
    return before if get_current_span(before).is_recording() else _NOWHERE


def leave(span: Span, before: Context) -> None:
    """Go back, if the span is current here; in another greenlet it is not, and then there is
    nothing to undo.
    """
    if get_current_span() is span:
        otel_context.attach(before)


class WsgiServerSpans:
    """Server spans of our own WSGI layer.

    Args:
        tracing: Makes the spans, and knows which the queue refused.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracer = tracing.tracer
        self._queue = tracing.queue

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """See ``ServerSpans``. The attributes wait for ``close``: one call then, and none for a
        span that is not kept.
        """
        span = self._tracer.start_span(
            record.method_label,
            context=remote_parent(record),
            kind=SpanKind.SERVER,
            start_time=record.started_unix_ns,
        )
        note_span(record, span)
        record.server_span = OpenSpan(span, make_current(span), environ.get("SERVER_PROTOCOL", ""))

    def close(self, record: RequestRecord) -> None:
        """See ``ServerSpans``. The end is the start plus the measured duration: a step of the wall
        clock cannot bend it.
        """
        opened, record.server_span = record.server_span, None
        if not isinstance(opened, OpenSpan):
            return
        span = opened.span
        leave(span, opened.before)
        if span.is_recording():
            span.update_name(span_name(record))
            span.set_attributes(server_span_attributes(record, opened.protocol))
            if is_error(record):
                span.set_status(StatusCode.ERROR)
            span.end(record.started_unix_ns + round(record.duration_seconds * 1e9))
        if record.sampled and self._queue.was_refused(span.get_span_context().span_id):
            record.sampled = False
