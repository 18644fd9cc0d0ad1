"""The server span of a request, behind a protocol with two implementations.

The one here opens it before the app and closes it with the completed record, so it lasts until the
last byte. It becomes the current span of the serving greenlet by value, never by token: a response
may be iterated and closed in another greenlet, where a token cannot be detached.
"""

from typing import Any, Protocol

from flask import Flask
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
from opentelemetry.trace.propagation import _SPAN_KEY

from telemetry.propagation import baggage_context
from telemetry.requests.record import RequestRecord
from telemetry.tracing.current import current_context, set_current_context
from telemetry.tracing.decision import HeadDecision
from telemetry.tracing.local_trace import LocalTrace, state_of
from telemetry.tracing.open_request import OpenRequest, trace_of
from telemetry.tracing.outlet import Outlet
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.scope import Scope
from telemetry.tracing.server_span import ServerSpan
from telemetry.tracing.span import new_span_id
from telemetry.tracing.tracer import Tracer

_EMPTY = Context()
_NOT_RECORDED = HeadDecision(False, "not_kept", "", False)


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


def begin_trace(record: RequestRecord, outlet: Outlet) -> tuple[LocalTrace, bool]:
    """The trace of a request, with whether it is that of the outer request that made this one."""
    trace_id = int(record.trace_id, 16)
    if record.outer is None and not record.parent_span_id and not record.debug_trace:
        head = outlet.keeping.head(trace_id, None, record.parent_trace_state)
        return LocalTrace(outlet, trace_id, head, True), False
    if record.outer is not None:
        outer = trace_of(record.outer)
        if outer is not None and outer.trace_id == trace_id:
            return outer, True
    parent_sampled, random = None, True
    if record.parent_span_id:
        parent_sampled, random = record.parent_sampled or False, record.parent_random
    head = outlet.keeping.head(
        trace_id, parent_sampled, record.parent_trace_state, debug=record.debug_trace
    )
    return LocalTrace(outlet, trace_id, head, random), False


def replace_context(current: Context) -> Context:
    """Make a context the current one.

    Returns:
        The context to restore, never that of a request that has ended.
    """
    before = current_context()
    set_current_context(current)
    if before and not get_current_span(before).is_recording():
        return _EMPTY
    return before


def restore(span: Span, before: Context) -> None:
    """Restore a context, if the span is current here.

    In another greenlet it is not, and nothing has to be undone.
    """
    if get_current_span() is span:
        set_current_context(before)


class WsgiServerSpans:
    """Server spans of our own WSGI layer.

    Args:
        tracing: Makes the spans, and knows which of them the queue refused.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._records = tracing.records
        self._outlet = tracing.outlet
        tracer = tracing.tracer
        self._scope = tracer.scope if isinstance(tracer, Tracer) else Scope("", "", "", {})

    def install(self, app: Flask) -> None:
        """See ``ServerSpans``. The WSGI layer needs nothing in the app."""

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """See ``ServerSpans``."""
        if not self._records:
            self._open_unrecorded(record, None)
            return
        trace, nested = begin_trace(record, self._outlet)
        if not trace.head.records:
            self._open_unrecorded(record, trace)
            return
        parent, parent_id, caller = None, 0, None
        if record.parent_span_id or record.parent_baggage:
            parent, caller = remote_parent(record), caller_of(record)
            parent_id = caller.span_id if caller is not None else 0
        protocol = environ.get("SERVER_PROTOCOL", "")
        span = ServerSpan(trace, self._scope, record, parent_id, protocol)
        if nested:
            span.nested = True
        if caller is not None and not (nested and is_outer(record)):
            span.foreign_parent = caller
        record.span_id = span.span_id.to_bytes(8, "big").hex()
        record.sampled = trace.head.kept and self._outlet.exports
        current = set_span_in_context(span, parent) if parent else Context({_SPAN_KEY: span})
        span.current, span.before = current, replace_context(current)
        record.server_span = span
        if self._outlet.observer is not None:
            self._outlet.announce(span, None)

    def _open_unrecorded(self, record: RequestRecord, trace: LocalTrace | None) -> None:
        """Pass a context on: the caller's without spans of our own, else that of a span."""
        if trace is None:
            caller = caller_of(record)
            span = NonRecordingSpan(caller) if caller is not None else INVALID_SPAN
            trace = LocalTrace(self._outlet, 0, _NOT_RECORDED, False)
        else:
            self._outlet.count_unrecorded(trace.head)
            span = NonRecordingSpan(trace.context_of(new_span_id()))
            record.span_id = f"{span.get_span_context().span_id:016x}"
        before = replace_context(set_span_in_context(span, remote_parent(record)))
        record.server_span = OpenRequest(trace, span, before)

    def close(self, record: RequestRecord) -> None:
        """See ``ServerSpans``."""
        opened, record.server_span = record.server_span, None
        if isinstance(opened, ServerSpan):
            record.sampled = False
            if current_context() is opened.current:
                set_current_context(opened.before)
            else:
                restore(opened, opened.before)
            opened.current = None
            failed = opened.complete(record)
            if opened.nested or not opened.is_complete:
                root = opened if opened.is_complete else None
                record.sampled = end_trace(record, opened, root, failed=failed)
            else:
                record.sampled = self._outlet.finish(
                    opened.trace,
                    opened,
                    record.route,
                    record.outcome or "completed",
                    failed,
                    record.dominant_phase != "",
                )
        elif isinstance(opened, OpenRequest) and opened.span is not None:
            restore(opened.span, opened.before)


def is_outer(record: RequestRecord) -> bool:
    """Whether the parent is the outer request's own span, which is in this process."""
    return record.outer is not None and record.parent_span_id == record.outer.span_id


def end_trace(
    record: RequestRecord,
    opened: ServerSpan | OpenRequest,
    root: ServerSpan | None,
    *,
    failed: bool,
) -> bool:
    """Decide on the trace of a completed request, or add to that of the outer one.

    Args:
        record: Completed.
        opened: Of the request.
        root: Its span; ``None`` where user code has ended it, so that it is held already.
        failed: See ``is_error``.

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
        failed,
        record.dominant_phase != "",
    )
