"""What readers of the SDK's spans use, under the same names.

Source: ``opentelemetry.sdk.trace.ReadableSpan``, 1.45.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanContext, Status

from telemetry.tracing.span_parts import SpanEvent, SpanLink
from telemetry.tracing.values import Attributes

if TYPE_CHECKING:
    from telemetry.tracing.local_trace import LocalTrace
    from telemetry.tracing.resource import ProcessResource
    from telemetry.tracing.scope import Scope


class ReadableSpan:
    """The facts of a span, as the SDK offers them; the fields are the subclass's."""

    __slots__ = ()

    if TYPE_CHECKING:
        trace: LocalTrace
        scope: Scope
        span_id: int
        parent_span_id: int
        foreign_parent: SpanContext | None
        kept_events: deque[SpanEvent] | None
        kept_links: deque[SpanLink] | None
        _attributes: Attributes | None
        kept_status: Status

    @property
    def context(self) -> SpanContext:
        """See ``get_span_context``."""
        return self.trace.context_of(self.span_id)

    @property
    def parent(self) -> SpanContext | None:
        """The parent's context."""
        if self.foreign_parent is not None or not self.parent_span_id:
            return self.foreign_parent
        return self.trace.context_of(self.parent_span_id)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """As kept, within the limits."""
        return self._attributes if self._attributes is not None else {}

    @property
    def events(self) -> Sequence[SpanEvent]:
        """In order, within the limits."""
        return tuple(self.kept_events or ())

    @property
    def links(self) -> Sequence[SpanLink]:
        """In order, within the limits."""
        return tuple(self.kept_links or ())

    @property
    def status(self) -> Status:
        """``UNSET`` until something sets it."""
        return self.kept_status

    @property
    def instrumentation_scope(self) -> "Scope":
        """Name and version of the tracer."""
        return self.scope

    @property
    def resource(self) -> "ProcessResource":
        """Of the process."""
        return self.trace.outlet.resource
