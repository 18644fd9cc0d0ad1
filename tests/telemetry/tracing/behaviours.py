"""What users of OpenTelemetry's API expect of a tracer, each as a function of a provider.

A behaviour uses the tracer, and returns what it saw; what was recorded is read from the spans that
the provider's processors got. The functions know nothing of who implements the API.
"""

import asyncio

from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    set_span_in_context,
    use_span,
)

from tests.telemetry.tracing import behaviours_of_facts
from tests.telemetry.tracing.behaviours_of_facts import REMOTE, STATE, T0, T1

UNSAMPLED_LINK = SpanContext(1, 2, is_remote=False, trace_state=STATE)


def parents(provider, tracer):
    with tracer.start_as_current_span("outer") as outer:
        inner = tracer.start_span("inner")
        apart = tracer.start_span("apart", context=Context())
        below_remote = tracer.start_span(
            "below remote", context=set_span_in_context(NonRecordingSpan(REMOTE), Context())
        )
        below_invalid = tracer.start_span(
            "below invalid", context=set_span_in_context(INVALID_SPAN, Context())
        )
        ids = [span.get_span_context() for span in (outer, inner, apart, below_invalid)]
        for span in (inner, apart, below_remote, below_invalid):
            span.end()
    below = below_remote.get_span_context()
    return (
        len({context.trace_id for context in ids}),
        ids[0].trace_id == ids[1].trace_id,
        (below.trace_id, below.trace_flags.sampled, below.trace_flags.random_trace_id),
        all(context.trace_flags.random_trace_id for context in ids),
        [context.is_remote for context in ids],
    )


def the_current_span(provider, tracer):
    seen = [trace.get_current_span() is INVALID_SPAN]
    with tracer.start_as_current_span("a") as span:
        seen.append(trace.get_current_span() is span)
        with tracer.start_as_current_span("b") as inner:
            seen.append(trace.get_current_span() is inner)
        seen.append(trace.get_current_span() is span)
        with use_span(INVALID_SPAN):
            seen.append(trace.get_current_span() is INVALID_SPAN)
    seen.append(trace.get_current_span() is INVALID_SPAN)
    return seen


def a_span_may_stay_open(provider, tracer):
    with tracer.start_as_current_span("a", end_on_exit=False) as span:
        pass
    open_still = span.is_recording()
    with use_span(span, end_on_exit=True):
        pass
    return open_still, span.is_recording()


def decorators(provider, tracer):
    @tracer.start_as_current_span("decorated", attributes={"a": 1})
    def work(number):
        trace.get_current_span().add_event("inside")
        return number * 2

    @tracer.start_as_current_span("async")
    async def work_async():
        await asyncio.sleep(0)
        return trace.get_current_span().is_recording()

    return work(1), work(2), work.__name__, asyncio.run(work_async())


def times(provider, tracer):
    span = tracer.start_span("a", start_time=T0)
    span.add_event("e", timestamp=T0 + 1)
    span.end(end_time=T1)
    zero = tracer.start_span("zero", start_time=0)
    zero.end(0)


def kinds_and_names(provider, tracer):
    for kind in SpanKind:
        span = tracer.start_span(kind.name, kind=kind)
        span.update_name(f"renamed {kind.name}")
        span.end()


def links(provider, tracer):
    given = [
        Link(REMOTE, {"why": "retry"}),
        Link(UNSAMPLED_LINK),
        Link(INVALID_SPAN.get_span_context()),
        Link(INVALID_SPAN.get_span_context(), {"kept": "for its attributes"}),
        None,
    ]
    span = tracer.start_span("a", links=given)
    span.add_link(REMOTE, {"n": 1})
    span.add_link(INVALID_SPAN.get_span_context())
    span.end()
    tracer.start_span("none", links=None).end()


def scopes(provider, tracer):
    made = [
        ("lib", "1.0", "https://example.org/schema", {"a": 1}),
        ("lib", "1.0"),
        ("lib",),
        ("lib", None, None, None),
    ]
    for index, arguments in enumerate(made):
        provider.get_tracer(*arguments).start_span(str(index)).end()
    same = provider.get_tracer("x", "1"), provider.get_tracer("x", "1")
    via_api = trace.get_tracer("api", "2", tracer_provider=provider, schema_url="s")
    via_api.start_span("api").end()
    return same[0] is same[1]


def propagation(provider, tracer):
    carrier = {}
    with tracer.start_as_current_span("a") as span:
        inject(carrier)
        context = span.get_span_context()
    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-03"
    incoming = {"traceparent": f"00-{5:032x}-{6:016x}-01", "tracestate": "vendor=1"}
    with tracer.start_as_current_span("b", context=extract(incoming)) as span:
        outgoing = {}
        inject(outgoing)
    return (
        carrier["traceparent"] == expected,
        outgoing["traceparent"].split("-")[1::2],
        "vendor=1" in outgoing["tracestate"],
    )


def baggage_travels(provider, tracer):
    token = otel_context.attach(baggage.set_baggage("key", "value"))
    with tracer.start_as_current_span("a"):
        carrier = {}
        inject(carrier)
        inside = baggage.get_baggage("key")
    otel_context.detach(token)
    return inside, carrier["baggage"]


def contexts(provider, tracer):
    span = tracer.start_span("a")
    context = span.get_span_context()
    span.end()
    return (
        type(context) is SpanContext,
        context == span.get_span_context(),
        context.is_valid,
        type(context.trace_flags) is TraceFlags,
        isinstance(context.trace_state, TraceState),
        isinstance(span, trace.Span),
        isinstance(tracer, trace.Tracer),
        isinstance(provider, trace.TracerProvider),
    )


def readers_of_a_span(provider, tracer):
    with tracer.start_as_current_span("outer") as outer:
        span = tracer.start_span(
            "a", attributes={"x": 1}, links=[Link(REMOTE, {"y": 2})], start_time=T0
        )
        span.add_event("e", {"z": 3}, T0)
        seen = (
            span.name,
            span.kind,
            span.parent == outer.get_span_context(),
            outer.parent,
            dict(span.attributes),
            [(one.name, one.timestamp, dict(one.attributes)) for one in span.events],
            [(one.context, dict(one.attributes)) for one in span.links],
            span.status.status_code,
            span.start_time,
            span.end_time,
            span.instrumentation_scope.name,
        )
        span.end(T1)
    return seen, span.end_time


BEHAVIOURS = {
    name: behaviour
    for members in (vars(behaviours_of_facts), dict(globals()))
    for name, behaviour in members.items()
    if callable(behaviour)
    and behaviour.__module__.startswith("tests.")
    and not isinstance(behaviour, type)
}
