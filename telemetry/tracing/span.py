"""A span: a small record that belongs to the local trace that it is a part of.

Attributes, events and links do not exist until something sets them, and the ``SpanContext`` is made
when something asks for it: most spans are made, ended and left out. The behaviour is that of
OpenTelemetry's SDK; tests compare both.

Source: OpenTelemetry specification, "Tracing API" and "Tracing SDK".
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from random import getrandbits
from types import TracebackType
from typing import TYPE_CHECKING, Any

from opentelemetry import trace as api
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from telemetry.tracing.encoding import encoded_span
from telemetry.tracing.readable_span import ReadableSpan
from telemetry.tracing.span_parts import (
    UNSET,
    SpanEvent,
    SpanLink,
    exception_attributes,
    text_of,
)
from telemetry.tracing.values import Attributes

if TYPE_CHECKING:
    from telemetry.tracing.local_trace import LocalTrace
    from telemetry.tracing.scope import Scope


def new_span_id() -> int:
    """64 random bits, never zero.

    Python's shared generator is enough (ids are no secrets) and is seeded anew in a fork.
    """
    return getrandbits(64) or 1


class Span(ReadableSpan, api.Span):
    """See ``opentelemetry.trace.Span``; made by a tracer.

    Args:
        trace: What it is a part of.
        scope: Of the tracer that made it.
        name: As given.
        kind: As given.
        parent_span_id: 64 bits; 0 without a parent.
        start_time: Nanoseconds since 1970; now when ``None``.
    """

    # A slot is read and set at a third of the cost of what a default of the class stands behind.
    __slots__ = (
        "_attributes",
        "_on_exception",
        "dropped_attributes",
        "dropped_events",
        "dropped_links",
        "end_time",
        "foreign_parent",
        "kept_events",
        "kept_links",
        "kept_status",
        "kind",
        "name",
        "parent_span_id",
        "scope",
        "span_id",
        "start_time",
        "trace",
    )

    def __init__(
        self,
        trace: "LocalTrace",
        scope: "Scope",
        name: str,
        kind: SpanKind,
        parent_span_id: int,
        start_time: int | None = None,
    ) -> None:
        self.trace = trace
        self.scope = scope
        self.name = name
        self.kind = kind
        self.span_id = new_span_id()
        self.parent_span_id = parent_span_id
        self.start_time = time.time_ns() if start_time is None else start_time
        self._on_exception = (True, True)
        self.end_time: int | None = None
        self.foreign_parent: SpanContext | None = None
        self.kept_events: deque[SpanEvent] | None = None
        self.kept_links: deque[SpanLink] | None = None
        self.dropped_attributes = self.dropped_events = self.dropped_links = 0
        self._attributes: Attributes | None = None
        self.kept_status = UNSET

    def begin_with(
        self,
        attributes: Mapping[str, Any] | None,
        links: Sequence[Link] | None,
        on_exception: tuple[bool, bool],
    ) -> None:
        """Take what a tracer was given beside the name.

        Args:
            attributes: As given.
            links: As given; those that name nothing are left out.
            on_exception: Whether an exception that leaves a ``with`` block of this span is
                recorded, and whether it sets the status.
        """
        self._on_exception = on_exception
        if attributes:
            self._set(attributes)
        for link in links or ():
            if link:
                self._add_link(link.context, link.attributes)

    # --- the API ----------------------------------------------------------------------------------

    def get_span_context(self) -> SpanContext:
        """The ids, with the sampled flag that is true at this moment."""
        return self.trace.context_of(self.span_id)

    def is_recording(self) -> bool:
        """Whether it has not ended."""
        return self.end_time is None

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute; has no effect after the end."""
        if self.end_time is not None:
            self._warn_ended("set_attribute")
            return
        values = self.trace.outlet.values
        kept = self._attributes
        if kept is None:
            kept = self._attributes = {}
        self.dropped_attributes += values.put(kept, key, value, values.limits.attributes)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set attributes; has no effect after the end."""
        if self.end_time is not None:
            self._warn_ended("set_attributes")
        else:
            self._set(attributes)

    def _set(self, attributes: Mapping[str, Any]) -> None:
        values = self.trace.outlet.values
        kept = self._attributes
        if kept is None:
            kept = self._attributes = {}
        self.dropped_attributes += values.put_all(kept, attributes, values.limits.attributes)

    def add_event(
        self,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Add an event; the oldest is dropped when there are too many."""
        if self.end_time is not None:
            self._warn_ended("add_event")
            return
        values = self.trace.outlet.values
        kept, dropped = values.kept(attributes, values.limits.event_attributes)
        moment = time.time_ns() if timestamp is None else timestamp
        if self.kept_events is None:
            self.kept_events = deque(maxlen=values.limits.events)
        if len(self.kept_events) == values.limits.events:
            self.dropped_events += 1
        self.kept_events.append(SpanEvent(name, moment, kept, dropped))

    def add_link(self, context: SpanContext, attributes: Mapping[str, Any] | None = None) -> None:
        """Add a link; one to no span, without attributes or trace state, is left out."""
        if self.end_time is not None:
            self._warn_ended("add_link")
        else:
            self._add_link(context, attributes)

    def _add_link(self, context: SpanContext, attributes: Mapping[str, Any] | None) -> None:
        if not context or not (context.is_valid or attributes or context.trace_state):
            return
        values = self.trace.outlet.values
        kept, dropped = values.kept(attributes, values.limits.link_attributes)
        if self.kept_links is None:
            self.kept_links = deque(maxlen=values.limits.links)
        if len(self.kept_links) == values.limits.links:
            self.dropped_links += 1
        self.kept_links.append(SpanLink(context, kept, dropped))

    def update_name(self, name: str) -> None:
        """Rename it; has no effect after the end."""
        if self.end_time is not None:
            self._warn_ended("update_name")
        else:
            self.name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status: ``OK`` is final, ``UNSET`` has no effect."""
        if self.end_time is not None:
            self._warn_ended("set_status")
            return
        code = status.status_code if isinstance(status, Status) else status
        if self.kept_status.status_code is StatusCode.OK or code is StatusCode.UNSET:
            return
        if isinstance(status, Status):
            self.kept_status = status
            if description is not None:
                self.trace.outlet.values.warn("A description beside a Status has no effect")
        elif isinstance(status, StatusCode):
            self.kept_status = Status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Add an event that describes an exception."""
        described: dict[str, Any] = exception_attributes(exception, escaped=escaped)
        if attributes:
            described.update(attributes)
        self.add_event("exception", described, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """End it; a second call has no effect."""
        if self.end_time is not None:
            self._warn_ended("end")
            return
        self.end_time = time.time_ns() if end_time is None else end_time
        self.trace.take_ended(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        if error is not None and self.end_time is None:
            records, sets_status = self._on_exception
            if records:
                self.record_exception(error, escaped=True)
            if sets_status:
                description = f"{type(error).__name__}: {text_of(error)}"
                self.set_status(Status(StatusCode.ERROR, description))
        super().__exit__(kind, error, stack)

    # --- for the layer ----------------------------------------------------------------------------

    can_wait = True
    """It may be encoded later; what it holds does not change after its end."""

    def encoded(self) -> bytes:
        """As OTLP protobuf; after the decision."""
        return encoded_span(self, self.attributes)

    def keep_attribute(self, key: str, value: str | int) -> None:
        """Set an attribute of our own, also after the end and beyond the limits."""
        if self._attributes is None:
            self._attributes = {}
        self._attributes[key] = value

    def _warn_ended(self, call: str) -> None:
        self.trace.outlet.values.warn(f"Span.{call}() was called on a span that has ended")

    def __repr__(self) -> str:
        return f"Span(name={self.name!r}, context={self.get_span_context()})"
