"""A trace is decided when it has ended, whole; each span is counted once, by why."""

import contextvars
import gc

import gevent
import pytest
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from telemetry.requests.record import current_record
from telemetry.tracing import WsgiServerSpans
from tests.support.delivered import delivered
from tests.support.sdk_provider import ForkSafeTracerProvider
from tests.telemetry.tracing.deciding import FAILED, NOT_KEPT, Decides
from tests.telemetry.tracing.served import ENVIRON, complete

PARENT = "b7ad6b7169203331"


def names_in(tracing):
    return [span.name for span in delivered(tracing.queue)]


def sampled(span):
    return span.get_span_context().trace_flags.sampled


def test_request_that_failed_is_delivered_whole_though_the_head_did_not_keep_it(
    deciding, serve, decided
):
    keeping = Decides(verdict=FAILED)
    tracing = deciding(keeping)

    def work():
        assert not sampled(get_current_span())
        with tracing.tracer.start_as_current_span("outer") as outer:
            assert outer.is_recording()
            tracing.tracer.start_span("inner").end()
        assert len(tracing.queue) == 0

    record = serve(tracing, work, status=500, dominant_phase="db")
    inner, outer, server = delivered(tracing.queue)
    assert [span.name for span in (inner, outer, server)] == ["inner", "outer", "GET /posts"]
    assert (inner.parent, outer.parent) == (outer.context, server.context)
    assert {span.context.trace_state.to_header() for span in (inner, outer, server)} == {"ot=th:0"}
    assert all(span.context.trace_flags.sampled for span in (inner, outer, server))
    assert (record.sampled, decided()) == (True, {"failed": 3})
    assert keeping.ends == [(3, "/posts", "completed", True, True)]


def test_request_that_is_not_kept_is_counted_and_not_encoded(deciding, serve, decided, monkeypatch):
    monkeypatch.setattr("telemetry.tracing.server_span.encoded_server_span", pytest.fail)
    monkeypatch.setattr("telemetry.tracing.span.encoded_span", pytest.fail)
    tracing = deciding(Decides(verdict=NOT_KEPT))
    record = serve(tracing, lambda: tracing.tracer.start_span("child").end())
    assert (len(tracing.queue), record.sampled, decided()) == (0, False, {"not_kept": 2})
    assert tracing.outlet.held_bytes == 0


def test_head_that_records_nothing_makes_spans_that_only_pass_the_context_on(
    deciding, serve, decided
):
    keeping = Decides(records=False, state="vendor=1")
    tracing = deciding(keeping)

    def work():
        server = get_current_span().get_span_context()
        child = tracing.tracer.start_span("child")
        context = child.get_span_context()
        assert not child.is_recording()
        assert (context.trace_id, context.trace_flags) == (server.trace_id, server.trace_flags)
        assert (context.span_id != server.span_id, context.is_valid) == (True, True)
        assert context.trace_state.to_header() == "vendor=1"

    record = serve(tracing, work)
    assert (record.sampled, len(record.span_id), len(tracing.queue)) == (False, 16, 0)
    assert (decided(), keeping.ends) == ({"not_kept": 2}, [])


@pytest.mark.parametrize("head", [True, False])
def test_outgoing_calls_carry_the_flag_and_state_of_the_head(deciding, serve, head):
    tracing = deciding(Decides(head=head, state="ot=th:c"))
    headers = {}
    serve(tracing, lambda: TraceContextTextMapPropagator().inject(headers))
    assert (headers["traceparent"][-2:], headers["tracestate"]) == (
        "03" if head else "02",
        "ot=th:c",
    )


@pytest.mark.parametrize(
    ("verdict", "delivered_late"), [(FAILED, ["begun before", "begun after"]), (NOT_KEPT, [])]
)
def test_children_that_end_later_share_the_verdict(
    deciding, serve, decided, verdict, delivered_late
):
    tracing = deciding(Decides(verdict=verdict))
    begun = []

    def work():
        begun.append(tracing.tracer.start_span("begun before"))
        begun.append(contextvars.copy_context())

    serve(tracing, work)
    names_in(tracing)
    before, context = begun
    assert sampled(before) == verdict.kept
    before.end()
    context.run(lambda: tracing.tracer.start_span("begun after").end())
    assert names_in(tracing) == delivered_late
    assert decided() == {verdict.decision: 3}


def test_span_that_nothing_ended_is_not_missed(deciding, serve, decided):
    tracing = deciding(Decides(verdict=FAILED))
    serve(tracing, lambda: tracing.tracer.start_span("never ends"))
    gc.collect()
    assert (names_in(tracing), decided()) == (["GET /posts"], {"failed": 1})


def test_span_without_a_parent_in_the_context_joins_the_request(deciding, serve):
    tracing = deciding(Decides(verdict=FAILED))

    def work():
        tracing.tracer.start_span("joins", context=Context()).end()

    record = serve(tracing, work)
    joins, server = delivered(tracing.queue)
    assert (joins.parent, f"{joins.context.trace_id:032x}") == (None, record.trace_id)
    assert joins.context.trace_id == server.context.trace_id


def test_span_below_one_of_another_provider_joins_the_request(deciding, serve):
    tracing = deciding(Decides(head=True))
    stock = ForkSafeTracerProvider(shutdown_on_exit=False).get_tracer("stock")
    seen = []

    def work():
        ours = get_current_span().get_span_context()
        with stock.start_as_current_span("stock") as between:
            seen.append(between.parent == ours)
            tracing.tracer.start_span("below").end()
            seen.append(between.get_span_context().span_id)

    serve(tracing, work)
    below, server = delivered(tracing.queue)
    assert (seen, below.parent.span_id) == ([True, seen[1]], seen[1])
    assert below.context.trace_id == server.context.trace_id


def test_root_outside_of_a_request_decides_with_its_own_end(deciding, decided):
    keeping = Decides(verdict=FAILED)
    tracing = deciding(keeping)
    with tracing.provider.get_tracer("jobs").start_as_current_span("job") as job:
        tracing.tracer.start_span("step").end()
        assert len(tracing.queue) == 0
        job.set_status(StatusCode.ERROR)
    assert (names_in(tracing), decided()) == (["step", "job"], {"failed": 2})
    assert keeping.ends == [(2, "jobs", "completed", True, False)]
    assert keeping.begun == [(job.get_span_context().trace_id, None, "", True)]


def test_root_with_a_parent_elsewhere_is_decided_with_the_parents_flag_and_state(deciding):
    keeping = Decides()
    tracing = deciding(keeping)
    for remote in (True, False):
        state = TraceState([("vendor", "1")])
        parent = SpanContext(5, 6, remote, TraceFlags(TraceFlags.SAMPLED), state)
        context = set_span_in_context(NonRecordingSpan(parent))
        span = tracing.tracer.start_span("consume", context, SpanKind.CONSUMER)
        assert (span.parent, span.get_span_context().trace_id) == (parent, 5)
        assert not span.get_span_context().trace_flags.random_trace_id
        span.end()
    assert keeping.begun == [(5, True, "vendor=1", True), (5, True, "vendor=1", False)]


@pytest.mark.parametrize("head", [True, False])
def test_nested_requests_are_decided_with_the_outer_one(
    deciding, serve, make_record, decided, head
):
    keeping = Decides(head=head, verdict=None if head else FAILED)
    tracing = deciding(keeping)
    spans, inner_sampled = WsgiServerSpans(tracing), []

    def work():
        outer = contextvars.copy_context()

        def nested():
            outer_record = current_record()
            inner = make_record()
            inner.nest_in(outer_record)
            spans.open(inner, ENVIRON)
            complete(inner, route="/inner")
            spans.close(inner)
            inner_sampled.append(inner.sampled)

        outer.run(nested)

    serve(tracing, work)
    inner, server = delivered(tracing.queue)
    assert (inner.name, inner.parent) == ("GET /inner", server.context)
    assert inner_sampled == [head], "only what the head keeps is certain to be delivered"
    assert (decided(), len(keeping.begun), len(keeping.ends)) == (
        {"ratio" if head else "failed": 2},
        1,
        1,
    )


def test_threads_and_greenlets_that_end_spans_meanwhile_lose_none(deciding, decided):
    tracing = deciding(Decides(verdict=FAILED), queue_spans=10_000)
    root = tracing.tracer.start_span("root")
    context = set_span_in_context(root)

    def end(count):
        for index in range(count):
            tracing.tracer.start_span(str(index), context).end()

    pool = gevent.get_hub().threadpool
    tasks = [pool.spawn(end, 300) for _ in range(4)]
    gevent.sleep(0.005)
    root.end()
    gevent.joinall(tasks)
    assert (len(names_in(tracing)), decided()) == (1201, {"failed": 1201})
