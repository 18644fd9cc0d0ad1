"""The server span of a request, behind a protocol with two implementations.

The one here opens it before the app and closes it with the completed record, so it lasts until the
last byte. It becomes the current span of the serving greenlet by value, never by token: a response
may be iterated and closed in another greenlet, where a token cannot be detached.
"""

from typing import Any, Protocol

from flask import Flask
from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

from telemetry.propagation import baggage_context
from telemetry.requests.record import RequestRecord
from telemetry.tracing.attributes import is_error
from telemetry.tracing.local_trace import LocalTrace, state_of
from telemetry.tracing.open_request import OpenRequest
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.scope import Scope
from telemetry.tracing.server_span import ServerSpan
from telemetry.tracing.tracer import Tracer

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


def caller_of(record: RequestRecord) -> SpanContext | None:
    """The caller's span; ``None`` when there was none."""
    if not record.parent_span_id:
        return None
    flags = TraceFlags.SAMPLED if record.parent_sampled else TraceFlags.DEFAULT
    if record.parent_random:
        flags |= TraceFlags.RANDOM_TRACE_ID
    return SpanContext(
        int(record.trace_id, 16),
        int(record.parent_span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(flags),
        trace_state=state_of(record.parent_trace_state) if record.parent_trace_state else None,
    )


def remote_parent(record: RequestRecord) -> Context:
    """A context with the caller's span and baggage; empty when the caller sent neither."""
    base = baggage_context(record.parent_baggage) if record.parent_baggage else _EMPTY
    caller = caller_of(record)
    return base if caller is None else set_span_in_context(NonRecordingSpan(caller), base)


def begin_trace(record: RequestRecord, tracing: Tracing) -> OpenRequest:
    """The trace of a request: that of the request that makes it, or one with a head decision."""
    trace_id = int(record.trace_id, 16)
    outer = record.outer.server_span if record.outer is not None else None
    if isinstance(outer, OpenRequest) and outer.trace.trace_id == trace_id:
        return OpenRequest(outer.trace, None, _EMPTY, nested=True)
    outlet = tracing.outlet
    parent_sampled, random = None, True
    if record.parent_span_id:
        parent_sampled, random = record.parent_sampled or False, record.parent_random
    head = outlet.keeping.head(trace_id, parent_sampled, record.parent_trace_state)
    return OpenRequest(LocalTrace(outlet, trace_id, head, random), None, _EMPTY)


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
    return before if before and get_current_span(before).is_recording() else _EMPTY


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
        self._outlet = tracing.outlet
        tracer = tracing.tracer
        self._scope = tracer.scope if isinstance(tracer, Tracer) else Scope("", "", "", {})

    def install(self, app: Flask) -> None:
        """See ``ServerSpans``. The WSGI layer needs nothing in the app."""

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """See ``ServerSpans``."""
        parent = remote_parent(record) if record.parent_span_id or record.parent_baggage else _EMPTY
        opened = begin_trace(record, self._tracing)
        opened.span = span = self._span_of(record, opened)
        opened.before = make_current(span, parent)
        opened.protocol = environ.get("SERVER_PROTOCOL", "")
        record.server_span = opened

    def _span_of(self, record: RequestRecord, opened: OpenRequest) -> Span:
        trace, caller = opened.trace, caller_of(record)
        if not self._tracing.records:
            # Without spans of our own the context is the caller's, or invalid.
            return NonRecordingSpan(caller) if caller is not None else INVALID_SPAN
        if not trace.head.records:
            self._outlet.count_unrecorded(trace.head)
            unrecorded = NonRecordingSpan(trace.context_of(trace.new_span_id()))
            record.span_id = f"{unrecorded.get_span_context().span_id:016x}"
            return unrecorded
        parent_id = caller.span_id if caller is not None else 0
        if opened.nested and record.outer is not None:
            # The outer request's own span is none of another process.
            caller = None if record.parent_span_id == record.outer.span_id else caller
        span = ServerSpan(trace, self._scope, record, parent_id, caller)
        record.span_id = f"{span.span_id:016x}"
        record.sampled = trace.head.kept and self._outlet.exports
        if self._outlet.observer is not None:
            self._outlet.announce(span, None)
        return span

    def close(self, record: RequestRecord) -> None:
        """See ``ServerSpans``."""
        opened, record.server_span = record.server_span, None
        if not isinstance(opened, OpenRequest) or opened.span is None:
            return
        span = opened.span
        restore(span, opened.before)
        record.sampled = False
        if isinstance(span, ServerSpan):
            was_open = span.complete(record, opened.protocol)
            record.sampled = end_trace(record, opened, span if was_open else None)


def end_trace(record: RequestRecord, opened: OpenRequest, root: ServerSpan | None) -> bool:
    """Decide on the trace of a completed request, or add to that of the outer one.

    Args:
        record: Completed.
        opened: Of the request.
        root: Its span; ``None`` where user code has ended it, so that it is held already.

    Returns:
        Whether its spans are delivered for certain.
    """
    trace = opened.trace
    if opened.nested:
        return root is not None and trace.outlet.take_nested(root)
    return trace.outlet.finish(
        trace,
        root,
        record.route,
        record.outcome or "completed",
        is_error(record),
        slow=record.dominant_phase != "",
    )
