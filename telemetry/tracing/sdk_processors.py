"""Spans for processors and exporters of OpenTelemetry's SDK that a user has added.

The only module that needs the SDK; it is loaded when the first processor is added.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link

from telemetry.tracing.resource import ProcessResource
from telemetry.tracing.scope import Scope
from telemetry.tracing.span import Span


class SdkProcessors:
    """Calls the processors in the order in which they were added.

    Args:
        resource: Of the process.
    """

    def __init__(self, resource: ProcessResource) -> None:
        self._resource = resource
        self._processors: tuple[SpanProcessor, ...] = ()
        self._scopes: dict[Scope, InstrumentationScope] = {}

    def add(self, processor: SpanProcessor) -> None:
        """Call one more."""
        self._processors += (processor,)

    def started(self, span: Span, context: Any) -> None:
        """A span has begun; a processor may set attributes on it."""
        for processor in self._processors:
            processor.on_start(span, parent_context=context)  # type: ignore[arg-type]

    def delivered(self, span: Span) -> None:
        """An ended span is kept."""
        readable = self.readable(span)
        for processor in self._processors:
            processor.on_end(readable)

    def force_flush(self, timeout_millis: int) -> bool:
        """Flush each one; returns whether all of them did."""
        flushed = [one.force_flush(timeout_millis) for one in self._processors]
        return False not in flushed

    def shutdown(self) -> None:
        """Shut each one down."""
        for processor in self._processors:
            processor.shutdown()

    def readable(self, span: Span) -> ReadableSpan:
        """A span as the SDK hands it to processors."""
        limits = span.trace.outlet.values.limits
        events = [
            Event(one.name, _bounded(one.attributes, one.dropped_attributes), one.timestamp)
            for one in span.events
        ]
        links = [
            Link(one.context, _bounded(one.attributes, one.dropped_attributes))
            for one in span.links
        ]
        return ReadableSpan(
            name=span.name,
            context=span.get_span_context(),
            parent=span.parent,
            resource=Resource(dict(self._resource.attributes)),
            attributes=_bounded(span.attributes, span.dropped_attributes),
            events=_list(limits.events, events, span.dropped_events),
            links=_list(limits.links, links, span.dropped_links),
            kind=span.kind,
            status=span.status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=self._scope(span.scope),
        )

    def _scope(self, scope: Scope) -> InstrumentationScope:
        found = self._scopes.get(scope)
        if found is None:
            found = self._scopes[scope] = InstrumentationScope(
                scope.name, scope.version, scope.schema_url, scope.attributes
            )
        return found


def _bounded(attributes: Mapping[str, Any], dropped: int) -> BoundedAttributes:
    bounded = BoundedAttributes(attributes=attributes)
    bounded.dropped = dropped
    return bounded


def _list(most: int, items: Sequence[Any], dropped: int) -> BoundedList[Any]:
    bounded = BoundedList.from_seq(most, items)
    bounded.dropped = dropped
    return bounded
