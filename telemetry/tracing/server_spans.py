"""The server span of a request, behind a protocol with two implementations.

The one here opens it before the app and closes it with the completed record, so it lasts until the
last byte. It becomes the current span of the serving greenlet by value, never by token: a response
may be iterated and closed in another greenlet, where a token cannot be detached.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask
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

from telemetry.propagation import baggage_context
from telemetry.requests.record import RequestRecord
from telemetry.requests.tracestate import parse_tracestate
from telemetry.tracing.attributes import is_error, server_span_attributes, span_name
from telemetry.tracing.pipeline import Tracing

_EMPTY = Context()


class ServerSpans(Protocol):
    """Opens and closes the server span of each request."""

    def install(self, app: Flask) -> None:
        """Prepare an app; before the request layer is put around it."""

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """Start the span and make it current; sets the record's ``span_id`` and ``sampled``.

        Args:
            record: Begun, and current in this greenlet.
            environ: Of the request.
        """

    def close(self, record: RequestRecord) -> None:
        """End the span with the facts of the completed record; called once, in any greenlet.

        ``record.sampled`` is false afterwards when the span will not be delivered, so that no
        exemplar names it: call this before the sinks that read it.
        """


@dataclass(slots=True)
class OpenSpan:
    """A span that has begun, kept on its record.

    Args:
        span: Recording or not.
        before: The context of the serving greenlet before it.
        protocol: Of the request, such as ``HTTP/1.1``.
    """

    span: Span
    before: Context
    protocol: str


def remote_parent(record: RequestRecord) -> Context:
    """A context with the caller's span and baggage; empty when the caller sent neither."""
    base = baggage_context(record.parent_baggage) if record.parent_baggage else _EMPTY
    if not record.parent_span_id:
        return base
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
    return set_span_in_context(NonRecordingSpan(parent), base)


def record_span(record: RequestRecord, span: Span, tracing: Tracing) -> None:
    """Write a span's id onto its record, and whether it will be delivered.

    Without an SDK there is no span of our own: the context is the caller's, or invalid.
    """
    context = span.get_span_context()
    if context.is_valid and not context.is_remote:
        record.span_id = f"{context.span_id:016x}"
    record.sampled = tracing.will_deliver(span)


def make_current(span: Span, parent: Context = _EMPTY) -> Context:
    """Make a span the current one.

    Args:
        span: Of the request.
        parent: What the span's context continues, such as the caller's baggage.

    Returns:
        The context to restore; never that of a request that has ended.
    """
    before = otel_context.get_current()
    otel_context.attach(set_span_in_context(span, parent))
    return before if get_current_span(before).is_recording() else _EMPTY


def restore(span: Span, before: Context) -> None:
    """Restore a context, if the span is current here.

    In another greenlet it is not, and nothing has to be undone.
    """
    if get_current_span() is span:
        otel_context.attach(before)


class WsgiServerSpans:
    """Server spans of our own WSGI layer.

    Args:
        tracing: Makes the spans, and knows which of them the queue refused.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._tracer = tracing.tracer
        self._queue = tracing.queue

    def install(self, app: Flask) -> None:
        """See ``ServerSpans``. The WSGI layer needs nothing in the app."""

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """See ``ServerSpans``.

        The attributes are set in ``close``: one call then, and none for a span that is not kept.
        """
        parent = remote_parent(record)
        span = self._tracer.start_span(
            record.method_label,
            context=parent,
            kind=SpanKind.SERVER,
            start_time=record.started_unix_ns,
        )
        record_span(record, span, self._tracing)
        protocol = environ.get("SERVER_PROTOCOL", "")
        record.server_span = OpenSpan(span, make_current(span, parent), protocol)

    def close(self, record: RequestRecord) -> None:
        """See ``ServerSpans``.

        The end is the start plus the measured duration, so a step of the wall clock has no effect.
        """
        opened, record.server_span = record.server_span, None
        if not isinstance(opened, OpenSpan):
            return
        span = opened.span
        restore(span, opened.before)
        if span.is_recording():
            span.update_name(span_name(record))
            span.set_attributes(server_span_attributes(record, opened.protocol))
            if is_error(record):
                span.set_status(StatusCode.ERROR)
            span.end(record.started_unix_ns + round(record.duration_seconds * 1e9))
        if record.sampled and self._queue.was_refused(span.get_span_context().span_id):
            record.sampled = False
