"""Spans are written byte for byte as the official encoder writes them, but for what it leaves out.

It leaves out the trace flags of a span and the trace state of a link, and it refuses a batch for
one text with a lone surrogate or one number beyond 64 bits.
"""

import functools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing import Tracing
from telemetry.tracing.batch import BatchEncoder
from telemetry.tracing.sdk_processors import SdkProcessors
from tests.support.delivered import decoded

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | st.floats() | TEXTS | st.binary(max_size=300)
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=6)
MOMENTS = st.integers(0, 2**64 - 1)
SPAN_IDS, TRACE_IDS = st.integers(1, 2**64 - 1), st.integers(1, 2**128 - 1)
STATES = st.sampled_from([[], [("a", "1")], [("vendor", "x" * 200), ("b@c", "2")]])
CONTEXTS = st.builds(
    SpanContext,
    TRACE_IDS,
    SPAN_IDS,
    st.booleans(),
    st.integers(0, 3).map(TraceFlags),
    STATES.map(TraceState),
)
EVENTS = st.tuples(TEXTS, ATTRIBUTES, MOMENTS)
LINKS = st.builds(Link, CONTEXTS, ATTRIBUTES)
STATUSES = st.sampled_from(
    [Status(), Status(StatusCode.OK), Status(StatusCode.ERROR), Status(StatusCode.ERROR, "ä" * 99)]
)


@functools.cache
def shared_tracing(**settings_of_spans):
    """One for all examples of a property."""
    guard = Guard(strict=True, on_error=print)
    return Tracing(TelemetryConfig(**settings_of_spans), Metrics(), guard)


def official(span):
    """The official encoder's message, with what it leaves out."""
    readable = SdkProcessors(span.resource).readable(span)
    [resource_spans] = encode_spans([readable]).resource_spans
    [scope_spans] = resource_spans.scope_spans
    [message] = scope_spans.spans
    message.flags |= readable.context.trace_flags
    for link, written in zip(readable.links, message.links, strict=True):
        written.trace_state = link.context.trace_state.to_header()
        written.flags |= link.context.trace_flags
    return message


def check(span):
    expected = official(span)
    written = ScopeSpans.FromString(span.encoded())
    assert [one.SerializeToString() for one in written.spans] == [expected.SerializeToString()]
    # Not only the same message: the same bytes.
    assert span.encoded() == ScopeSpans(spans=[expected]).SerializeToString()


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    name=TEXTS,
    kind=st.sampled_from(list(SpanKind)),
    parent=st.none() | CONTEXTS,
    attributes=ATTRIBUTES,
    events=st.lists(EVENTS, max_size=3),
    links=st.lists(LINKS, max_size=3),
    status=STATUSES,
    times=st.tuples(MOMENTS, MOMENTS),
)
def test_any_span_is_written_as_the_official_encoder_writes_it(
    name, kind, parent, attributes, events, links, status, times
):
    context = Context()
    if parent is not None:
        context = set_span_in_context(NonRecordingSpan(parent), context)
    tracing = shared_tracing(sampler="always_on")
    span = tracing.tracer.start_span(name, context, kind, attributes, links, times[0])
    for event in events:
        span.add_event(*event)
    span.set_status(status)
    span.end(times[1])
    check(span)


@settings(max_examples=50, deadline=None)
@given(attributes=ATTRIBUTES, events=st.integers(0, 5), links=st.integers(0, 5))
def test_dropped_counts_are_written(attributes, events, links):
    tracing = shared_tracing(
        span_attributes=2, span_events=1, span_links=2, event_attributes=1, link_attributes=1
    )
    span = tracing.tracer.start_span("a", attributes=attributes)
    for _ in range(events):
        span.add_event("e", attributes)
    for _ in range(links):
        span.add_link(SpanContext(1, 2, is_remote=True), attributes)
    span.end()
    check(span)
    assert official(span).dropped_events_count == max(0, events - 1)


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, str(2**63)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        pytest.param(10**6000, hex(10**6000), id="digits that Python refuses to write"),
        (True, True),
        (-0.0, -0.0),
        (math.inf, math.inf),
        ("\udcff lone \ud800", "? lone ?"),
        (["\udcff", 2**64], ("?", str(2**64))),
        ({"\ud800": {"b": [b"\xff"]}}, {"?": {"b": (b"\xff",)}}),
        (("a", None, 1, 1.5), ("a", None, 1, 1.5)),
        ({}, {}),
        ([], ()),
        ("\0\n\x7f", "\0\n\x7f"),
        (range(3), (0, 1, 2)),
        (bytearray(b"ab"), (97, 98)),
    ],
)
def test_values_at_the_limits_are_delivered(tracing, spans_in, given_value, kept):
    tracing.tracer.start_span("a", attributes={"value": given_value, "other": 1}).end()
    [span] = spans_in(tracing.queue)
    assert span.attributes == {"value": kept, "other": 1}


def test_texts_with_lone_surrogates_are_delivered_everywhere(tracing, spans_in):
    span = tracing.tracer.start_span("name \udcff", attributes={"key \udcff": "value \udcff"})
    span.add_event("event \udcff", {"key \udcff": 1})
    span.set_status(StatusCode.ERROR, "status \udcff")
    span.end()
    [one] = spans_in(tracing.queue)
    assert (one.name, one.attributes, one.status.description) == (
        "name ?",
        {"key ?": "value ?"},
        "status ?",
    )
    assert [(event.name, event.attributes) for event in one.events] == [("event ?", {"key ?": 1})]


def test_hostile_nesting_is_bounded(tracing, spans_in):
    deep, itself, wide = [], [], {}
    for _ in range(5000):
        deep = [deep]
    itself += [itself] * 10
    wide.update(dict.fromkeys("abc", wide))
    span = tracing.tracer.start_span("a")
    for name, value in {"deep": deep, "itself": itself, "wide": wide, "good": 1}.items():
        span.set_attribute(name, value)
    span.end()
    [one] = spans_in(tracing.queue)
    assert (len(one.attributes), one.attributes["good"]) == (4, 1)


def test_times_and_names_of_wrong_types_are_delivered(tracing, spans_in):
    span = tracing.tracer.start_span(None, start_time=-5)
    span.add_event(7, timestamp=1.5)
    span.end(2**70)
    [one] = spans_in(tracing.queue)
    assert (one.name, one.start_time, one.end_time) == ("", 0, 2**64 - 1)
    assert [(event.name, event.timestamp) for event in one.events] == [("7", 1)]


def test_a_batch_is_one_resource_with_its_spans_by_scope(tracing, guard):
    provider = tracing.provider
    other = provider.get_tracer("other", "2.0", "https://example.org/schema", {"scope": "x"})
    for index in range(6):
        (other if index % 3 else tracing.tracer).start_span(str(index)).end()
    encoder = BatchEncoder(provider.resource, guard)
    request = ExportTraceServiceRequest.FromString(
        encoder.body(encoder.encode(tracing.queue.take(10)))
    )
    [resource_spans] = request.resource_spans
    assert {pair.key for pair in resource_spans.resource.attributes} == set(
        provider.resource.attributes
    )
    assert [
        (
            one.scope.name,
            one.scope.version,
            one.schema_url,
            [(pair.key, pair.value.string_value) for pair in one.scope.attributes],
            [span.name for span in one.spans],
        )
        for one in resource_spans.scope_spans
    ] == [
        (
            "telemetry",
            "",
            tracing.tracer.scope.schema_url,
            [],
            ["0", "3"],
        ),
        ("other", "2.0", "https://example.org/schema", [("scope", "x")], ["1", "2", "4", "5"]),
    ]


def test_decoding_in_tests_reads_each_value(tracing, guard):
    """What the other tests read is what was written."""
    value = {"a": ("b", 1, None, 2.5, b"c", {"d": True})}
    tracing.tracer.start_span("a", attributes={"value": value}).end()
    encoder = BatchEncoder(tracing.outlet.resource, guard)
    [span] = decoded(encoder.body(encoder.encode(tracing.queue.take(1))))
    assert span.attributes == {"value": value}
