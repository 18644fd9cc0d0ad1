"""The server span describes the whole completed request, and leaves no context in any greenlet."""

import contextvars
import logging

import gevent
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from telemetry.tracing import WsgiServerSpans
from tests.telemetry.tracing.conftest import STARTED_UNIX_NS
from tests.telemetry.tracing.served import ENVIRON, attributes_of, complete

PARENT = "b7ad6b7169203331"


def test_span_of_an_answered_request_is_whole(tracing, server_spans, make_record, spans_in):
    record = make_record()
    server_spans.open(record, ENVIRON)
    complete(record)
    server_spans.close(record)
    (span,) = spans_in(tracing.queue)
    assert (span.name, span.kind, span.parent, span.status.status_code) == (
        "GET /posts",
        SpanKind.SERVER,
        None,
        StatusCode.UNSET,
    )
    assert (span.start_time, span.end_time) == (STARTED_UNIX_NS, STARTED_UNIX_NS + 1_500_000_000)
    assert (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") == (
        record.request_id.replace("-", ""),
        record.span_id,
    )
    assert (dict(span.attributes), list(span.events), list(span.links)) == (
        attributes_of(record),
        [],
        [],
    )
    assert (record.sampled, record.server_span) == (True, None)
    assert span.scope == "telemetry"


def test_callers_trace_is_continued(tracing, server_spans, make_record, spans_in):
    record = make_record(
        trace_id="0af7651916cd43dd8448eb211c80319c",
        parent_span_id=PARENT,
        parent_sampled=True,
        parent_random=True,
        parent_trace_state="vendor=1,other=2",
    )
    server_spans.open(record, ENVIRON)
    complete(record)
    server_spans.close(record)
    (span,) = spans_in(tracing.queue)
    assert (f"{span.context.trace_id:032x}", int(span.context.trace_flags)) == (
        record.trace_id,
        0b11,
    )
    assert (f"{span.parent.span_id:016x}", span.parent.is_remote, span.parent.trace_id) == (
        PARENT,
        True,
        span.context.trace_id,
    )
    assert span.context.trace_state.to_header() == "vendor=1,other=2"
    assert dict(span.attributes) == attributes_of(record)


def test_caller_that_does_not_record_is_followed(tracing, server_spans, make_record, spans_in):
    record = make_record(parent_span_id=PARENT, parent_sampled=False)
    server_spans.open(record, ENVIRON)
    with tracing.tracer.start_as_current_span("child") as child:
        assert f"{child.get_span_context().trace_id:032x}" == record.trace_id
        # It is left out at the end, for nothing has failed and nothing was slow.
        assert (child.is_recording(), child.get_span_context().trace_flags.sampled) == (True, False)
    complete(record)
    server_spans.close(record)
    assert (spans_in(tracing.queue), record.sampled, len(record.span_id)) == ([], False, 16)
    assert not get_current_span().get_span_context().is_valid


def test_spans_inside_the_request_are_its_children(tracing, server_spans, make_record, spans_in):
    record = make_record()
    server_spans.open(record, ENVIRON)
    tracing.tracer.start_span("find posts").end()
    complete(record)
    server_spans.close(record)
    child, server = spans_in(tracing.queue)
    assert (child.parent, child.context.trace_id) == (server.context, server.context.trace_id)


def test_requests_of_one_greenlet_share_no_context(tracing, server_spans, make_record, spans_in):
    for _ in range(3):
        record = make_record()
        server_spans.open(record, ENVIRON)
        complete(record)
        server_spans.close(record)
        assert not get_current_span().get_span_context().is_valid
    spans = spans_in(tracing.queue)
    assert [span.parent for span in spans] == [None] * 3
    assert len({span.context.trace_id for span in spans}) == 3


def test_span_that_was_current_before_is_restored(tracing, server_spans, make_record):
    with tracing.tracer.start_as_current_span("a test's own") as outer:
        record = make_record()
        server_spans.open(record, ENVIRON)
        complete(record)
        server_spans.close(record)
        assert get_current_span() is outer


def test_closing_in_another_greenlet_changes_neither_context(
    tracing, server_spans, make_record, spans_in, caplog
):
    record = make_record()
    server_spans.open(record, ENVIRON)
    complete(record)

    def elsewhere():
        with tracing.tracer.start_as_current_span("elsewhere") as own:
            server_spans.close(record)
            return get_current_span() is own

    with caplog.at_level(logging.DEBUG):
        assert gevent.spawn(contextvars.Context().run, elsewhere).get()
    # The serving greenlet takes its next request: the one before must not be its parent, nor come
    # back after it.
    following = make_record()
    server_spans.open(following, ENVIRON)
    complete(following)
    server_spans.close(following)
    assert [(span.name, span.parent) for span in spans_in(tracing.queue)] == [
        ("GET /posts", None),
        ("elsewhere", None),
        ("GET /posts", None),
    ]
    assert not get_current_span().get_span_context().is_valid
    assert caplog.records == []


def test_streamed_response_has_its_span_while_iterated_in_the_same_greenlet(
    tracing, server_spans, make_record, spans_in
):
    record = make_record()

    def body():
        tracing.tracer.start_span("find more").end()
        yield b"x"

    server_spans.open(record, ENVIRON)
    list(body())
    complete(record)
    server_spans.close(record)
    child, server = spans_in(tracing.queue)
    assert (child.name, child.parent) == ("find more", server.context)


def test_killed_greenlet_still_ends_its_span(tracing, server_spans, make_record, spans_in):
    def serve():
        record = make_record()
        server_spans.open(record, ENVIRON)
        try:
            gevent.sleep(60)
        finally:
            complete(record, status=None, outcome="killed")
            server_spans.close(record)

    greenlet = gevent.spawn(serve)
    gevent.sleep(0)
    greenlet.kill()
    assert [(span.name, span.attributes["error.type"]) for span in spans_in(tracing.queue)] == [
        ("GET /posts", "killed")
    ]


def test_refused_span_takes_the_exemplar_with_it(tracing_of, make_record, dropped):
    tracing = tracing_of(queue_spans=1)
    server_spans = WsgiServerSpans(tracing)
    sampled = []
    for _ in range(2):
        record = make_record()
        server_spans.open(record, ENVIRON)
        assert record.sampled
        complete(record)
        server_spans.close(record)
        sampled.append(record.sampled)
    assert (sampled, dropped()) == ([True, False], {"queue_full": 1})


def test_span_that_the_app_ended_is_not_changed(
    tracing, server_spans, make_record, spans_in, caplog
):
    record = make_record()
    server_spans.open(record, ENVIRON)
    get_current_span().end()
    complete(record)
    server_spans.close(record)
    assert ([span.name for span in spans_in(tracing.queue)], caplog.records) == (["GET"], [])


def test_closing_twice_or_without_opening_does_nothing(
    tracing, server_spans, make_record, spans_in
):
    record = make_record()
    server_spans.close(record)
    server_spans.open(record, ENVIRON)
    complete(record)
    server_spans.close(record)
    server_spans.close(record)
    assert len(spans_in(tracing.queue)) == 1
