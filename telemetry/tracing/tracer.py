"""Makes spans by OpenTelemetry's API, each as a part of the local trace that it belongs to.

Source: OpenTelemetry specification, "Tracing API", ``Tracer``.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import getrandbits
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    get_current_span,
    use_span,
)
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import Tracer as ApiTracer
from opentelemetry.util._decorator import _agnosticcontextmanager

from telemetry.requests.record import current_record
from telemetry.tracing.local_trace import FIRST_SPAN, LocalTrace
from telemetry.tracing.open_request import trace_of
from telemetry.tracing.outlet import Outlet
from telemetry.tracing.scope import Scope
from telemetry.tracing.span import Span, new_span_id

Place = tuple[LocalTrace, int, SpanContext | None]
"""Where a new span belongs: its trace, its parent's id or 0, and a parent of others."""


class Tracer(ApiTracer):
    """See ``opentelemetry.trace.Tracer``.

    Args:
        outlet: Where its spans go.
        scope: What makes them.
    """

    def __init__(self, outlet: Outlet, scope: Scope) -> None:
        self._outlet = outlet
        self.scope = scope

    @_agnosticcontextmanager
    def start_as_current_span(  # noqa: PLR0913, PLR0917 - the API's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[ApiSpan]:
        """Start a span and make it the current one of a block, or of a function."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with use_span(
            span,
            end_on_exit=end_on_exit,
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        ):
            yield span

    def start_span(  # noqa: PLR0917 - the API's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> ApiSpan:
        """Start a span below the current one, or below that of the context."""
        parent = get_current_span(context)
        if isinstance(parent, Span) and parent.trace.outlet is self._outlet:
            trace, parent_id, foreign = parent.trace, parent.span_id, None
        else:
            trace, parent_id, foreign = self._place_of(parent.get_span_context())
        if not trace.head.records:
            self._outlet.count_unrecorded(trace.head)
            return NonRecordingSpan(trace.context_of(new_span_id()))
        span = Span(trace, self.scope, name, kind, parent_id, start_time)
        if foreign is not None:
            span.foreign_parent = foreign
        span.begin_with(attributes, links, (record_exception, set_status_on_exception))
        if trace.root_id == FIRST_SPAN:
            trace.root_id = span.span_id
        if self._outlet.observer is not None:
            self._outlet.announce(span, context)
        return span

    def _place_of(self, parent: SpanContext) -> Place:
        """Return what a span without a parent of this provider is a part of: trace and parent."""
        if not isinstance(parent, SpanContext):
            raise TypeError("parent_span_context must be a SpanContext or None.")
        request = self._trace_of_request()
        if not parent.is_valid:
            if request is not None and request.verdict is None:
                return request, 0, None
            return self._new_trace(None), 0, None
        if request is not None and request.trace_id == parent.trace_id:
            return request, parent.span_id, parent
        return self._new_trace(parent), parent.span_id, parent

    def _trace_of_request(self) -> LocalTrace | None:
        trace = trace_of(current_record())
        return trace if trace is not None and trace.outlet is self._outlet else None

    def _new_trace(self, parent: SpanContext | None) -> LocalTrace:
        keeping = self._outlet.keeping
        if parent is None:
            trace_id = new_trace_id()
            head = keeping.head(trace_id, None, "")
            return LocalTrace(self._outlet, trace_id, head, True, FIRST_SPAN)
        head = keeping.head(
            parent.trace_id,
            parent.trace_flags.sampled,
            parent.trace_state.to_header(),
            remote=parent.is_remote,
        )
        random = parent.trace_flags.random_trace_id
        return LocalTrace(self._outlet, parent.trace_id, head, random, FIRST_SPAN)


def new_trace_id() -> int:
    """The trace id of the request of this greenlet, else 128 random bits; never zero.

    A version 4 UUID fixes bits only above the low 56, so both count as random.

    Source: W3C Trace Context, level 2, section 3.2.2.5.
    """
    record = current_record()
    return (int(record.trace_id, 16) if record is not None else 0) or getrandbits(128) or 1
