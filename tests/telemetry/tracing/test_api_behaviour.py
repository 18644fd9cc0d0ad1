"""Users of OpenTelemetry's API see and record the same with our provider as with the SDK's.

The SDK's provider gets the same limits. Ids, texts of stacks and times that nothing gave are left
out of the comparison.
"""

import logging

import pytest
from opentelemetry.sdk.trace import SpanLimits
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry.tracing.values import SpanLimits as OwnLimits
from tests.support.sdk_provider import ForkSafeTracerProvider
from tests.telemetry.tracing.behaviours import BEHAVIOURS, T0, T1

LIMITS = {
    "limits_drop_the_oldest": OwnLimits(4, 3, 2, 2, 1, 20),
}


@pytest.fixture(autouse=True)
def quiet_sdk(caplog):
    """The SDK logs each value that it changes; that is not compared."""
    caplog.set_level(logging.CRITICAL)


def sdk_provider(limits):
    return ForkSafeTracerProvider(
        shutdown_on_exit=False,
        span_limits=SpanLimits(
            max_span_attributes=limits.attributes,
            max_events=limits.events,
            max_links=limits.links,
            max_event_attributes=limits.event_attributes,
            max_link_attributes=limits.link_attributes,
            max_attribute_length=limits.value_length,
            max_span_attribute_length=limits.value_length,
        ),
    )


@pytest.fixture
def own_provider(tracing_of):
    def build(limits):
        return tracing_of(
            sampler="always_on",
            traces_exporter="none",
            span_attributes=limits.attributes,
            span_events=limits.events,
            span_links=limits.links,
            event_attributes=limits.event_attributes,
            link_attributes=limits.link_attributes,
            span_attribute_length=limits.value_length,
        ).provider

    return build


def plain_attributes(attributes):
    """Without the text of a stack, whose lines are not those of one place."""
    found = dict(attributes)
    if "exception.stacktrace" in found:
        stack = found["exception.stacktrace"]
        found["exception.stacktrace"] = stack.strip().splitlines()[-1]
    # The order counts: what is dropped first is the oldest.
    return list(found.items())


def plain(span, ids):
    """A span as data, ids by the order in which their spans ended."""
    given = (T0, T0 + 1, T1, 0)
    return {
        "name": span.name,
        "kind": span.kind,
        "flags": span.context.trace_flags,
        "parent": span.parent
        and (ids.get(span.parent.span_id, span.parent.span_id), span.parent.is_remote),
        "status": (span.status.status_code, span.status.description),
        "start": span.start_time if span.start_time in given else "some time",
        "end": span.end_time if span.end_time in given else "some time",
        "attributes": plain_attributes(span.attributes),
        "events": [
            (
                event.name,
                plain_attributes(event.attributes),
                event.timestamp if event.timestamp in given else "some time",
                event.dropped_attributes,
            )
            for event in span.events
        ],
        "links": [
            (link.context, plain_attributes(link.attributes), link.dropped_attributes)
            for link in span.links
        ],
        "dropped": (span.dropped_attributes, span.dropped_events, span.dropped_links),
        "scope": (
            span.instrumentation_scope.name,
            span.instrumentation_scope.version,
            span.instrumentation_scope.schema_url,
            dict(span.instrumentation_scope.attributes or {}),
        ),
    }


def observed(behaviour, provider):
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    seen = behaviour(provider, provider.get_tracer("test", "1"))
    # A trace is delivered when it has ended: the order of traces, and within one, by name.
    spans = sorted(exporter.get_finished_spans(), key=lambda span: span.name)
    ids = {span.context.span_id: span.name for span in spans}
    return {"seen": seen, "spans": [plain(span, ids) for span in spans]}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_both_providers_behave_alike(own_provider, name):
    limits = LIMITS.get(name, OwnLimits())
    ours = observed(BEHAVIOURS[name], own_provider(limits))
    theirs = observed(BEHAVIOURS[name], sdk_provider(limits))
    assert ours == theirs
