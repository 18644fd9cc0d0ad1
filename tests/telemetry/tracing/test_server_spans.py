"""The server span says the whole of a completed request, and nothing of it stays behind in any greenlet."""

import contextvars
import logging

import gevent
import pytest
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from telemetry.config import TelemetryConfig
from telemetry.names import UNMATCHED_ROUTE
from telemetry.tracing import WsgiServerSpans
from tests.telemetry.tracing.conftest import STARTED_UNIX_NS

ENVIRON = {"SERVER_PROTOCOL": "HTTP/1.1"}
PARENT = "b7ad6b7169203331"


@pytest.fixture
def tracing(tracing_of):
    return tracing_of()


@pytest.fixture
def server_spans(tracing):
    return WsgiServerSpans(tracing, TelemetryConfig())


def complete(record, **facts):
    """What the recorder does, with a duration of 1.5 s."""
    defaults = {"route": "/posts", "status": 200, "outcome": "completed", "response_bytes": 17, "duration_seconds": 1.5}
    for name, value in {**defaults, **facts}.items():
        setattr(record, name, value)


def attributes_of(record, **others):
    """Those of every request that the fixture makes, and others; None takes one away."""
    attributes = {
        "http.request.method": "GET",
        "http.route": "/posts",
        "http.response.status_code": 200,
        "http.response.body.size": 17,
        "url.scheme": "http",
        "url.path": "/posts",
        "url.query": "page=REDACTED",
        "server.address": "api.example.org",
        "server.port": 8000,
        "client.address": "192.0.2.7",
        "network.protocol.version": "1.1",
        "user_agent.original": "curl/8",
        "request.id": record.request_id,
        **others,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def test_span_of_an_answered_request_is_whole(tracing, server_spans, record_of, spans_in):
    record = record_of()
    server_spans.open(record, ENVIRON)
    complete(record)
    server_spans.close(record)
    (span,) = spans_in(tracing.queue)
    assert (span.name, span.kind, span.parent, span.status.status_code) == ("GET /posts", SpanKind.SERVER, None, StatusCode.UNSET)
    assert (span.start_time, span.end_time) == (STARTED_UNIX_NS, STARTED_UNIX_NS + 1_500_000_000)
    assert (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") == (record.request_id.replace("-", ""), record.span_id)
    assert (dict(span.attributes), list(span.events), list(span.links)) == (attributes_of(record), [], [])
    assert (record.sampled, record.server_span) == (True, None)
    assert span.resource == tracing.provider.resource


@pytest.mark.parametrize(
    ("fields", "facts", "name", "others", "status"),
    [
        pytest.param(
            {},
            {"route": UNMATCHED_ROUTE, "status": 404},
            "GET",
            {"http.route": None, "http.response.status_code": 404},
            StatusCode.UNSET,
            id="no route",
        ),
        pytest.param(
            {"method": "FOOBAR", "method_label": "_OTHER"},
            {"status": 405},
            "HTTP /posts",
            {"http.request.method": "_OTHER", "http.request.method_original": "FOOBAR", "http.response.status_code": 405},
            StatusCode.UNSET,
            id="unknown method",
        ),
        pytest.param(
            {},
            {"status": 503, "outcome": "rejected"},
            "GET /posts",
            {"http.response.status_code": 503, "error.type": "503"},
            StatusCode.ERROR,
            id="status above 500",
        ),
        pytest.param(
            {},
            {"status": 500, "outcome": "failed", "error_type": "KeyError"},
            "GET /posts",
            {"http.response.status_code": 500, "error.type": "KeyError"},
            StatusCode.ERROR,
            id="exception",
        ),
        pytest.param(
            {},
            {"outcome": "failed", "error_type": "KeyError"},
            "GET /posts",
            {"error.type": "KeyError"},
            StatusCode.ERROR,
            id="exception while streaming",
        ),
        pytest.param(
            {},
            {"outcome": "client_disconnected", "error_type": "BrokenPipeError"},
            "GET /posts",
            {"error.type": "client_disconnected"},
            StatusCode.UNSET,
            id="client left",
        ),
        pytest.param(
            {},
            {"status": None, "outcome": "killed", "error_type": "GreenletExit", "response_bytes": 0},
            "GET /posts",
            {"http.response.status_code": None, "http.response.body.size": 0, "error.type": "killed"},
            StatusCode.ERROR,
            id="killed",
        ),
        pytest.param(
            {},
            {"outcome": "timeout", "error_type": "Timeout"},
            "GET /posts",
            {"error.type": "timeout"},
            StatusCode.ERROR,
            id="time-out",
        ),
        pytest.param(
            {"host": "[2001:db8::1]", "scheme": "https", "query": "", "user_agent": "", "client_address": ""},
            {},
            "GET /posts",
            {
                "server.address": "2001:db8::1",
                "server.port": 443,
                "url.scheme": "https",
                "url.query": None,
                "user_agent.original": None,
                "client.address": None,
            },
            StatusCode.UNSET,
            id="nothing said",
        ),
        pytest.param(
            {"host": "x:99999"}, {}, "GET /posts", {"server.address": "x:99999", "server.port": None}, StatusCode.UNSET, id="port"
        ),
        pytest.param({"host": "[half"}, {}, "GET /posts", {"server.address": "[half", "server.port": None}, StatusCode.UNSET, id="host"),
        pytest.param(
            {"query": "a=1&b&c="}, {}, "GET /posts", {"url.query": "a=REDACTED&REDACTED&c=REDACTED"}, StatusCode.UNSET, id="query"
        ),
    ],
)
def test_span_tells_how_the_request_went(tracing, server_spans, record_of, spans_in, fields, facts, name, others, status):
    record = record_of(**fields)
    server_spans.open(record, ENVIRON)
    complete(record, **facts)
    server_spans.close(record)
    (span,) = spans_in(tracing.queue)
    assert (span.name, dict(span.attributes), span.status.status_code) == (name, attributes_of(record, **others), status)


def test_query_values_are_told_when_a_setting_says_so(tracing, record_of, spans_in):
    server_spans, record = WsgiServerSpans(tracing, TelemetryConfig(log_query_values=True)), record_of()
    server_spans.open(record, ENVIRON)
    complete(record)
    server_spans.close(record)
    assert spans_in(tracing.queue)[0].attributes["url.query"] == "page=2"


def test_callers_trace_goes_on(tracing, server_spans, record_of, spans_in):
    record = record_of(
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
    assert (f"{span.context.trace_id:032x}", int(span.context.trace_flags)) == (record.trace_id, 0b11)
    assert (f"{span.parent.span_id:016x}", span.parent.is_remote, span.parent.trace_id) == (PARENT, True, span.context.trace_id)
    assert span.context.trace_state.to_header() == "vendor=1,other=2"
    assert dict(span.attributes) == attributes_of(record)


def test_caller_that_does_not_record_is_followed(tracing, server_spans, record_of, spans_in):
    record = record_of(parent_span_id=PARENT, parent_sampled=False)
    server_spans.open(record, ENVIRON)
    with tracing.tracer.start_as_current_span("child") as child:
        assert f"{child.get_span_context().trace_id:032x}" == record.trace_id
        assert not child.is_recording()
    complete(record)
    server_spans.close(record)
    assert (spans_in(tracing.queue), record.sampled, len(record.span_id)) == ([], False, 16)
    assert not get_current_span().get_span_context().is_valid


def test_spans_inside_the_request_are_its_children(tracing, server_spans, record_of, spans_in):
    record = record_of()
    server_spans.open(record, ENVIRON)
    tracing.tracer.start_span("find posts").end()
    complete(record)
    server_spans.close(record)
    child, server = spans_in(tracing.queue)
    assert (child.parent, child.context.trace_id) == (server.context, server.context.trace_id)


def test_requests_of_one_greenlet_know_nothing_of_each_other(tracing, server_spans, record_of, spans_in):
    for _ in range(3):
        record = record_of()
        server_spans.open(record, ENVIRON)
        complete(record)
        server_spans.close(record)
        assert not get_current_span().get_span_context().is_valid
    spans = spans_in(tracing.queue)
    assert [span.parent for span in spans] == [None] * 3
    assert len({span.context.trace_id for span in spans}) == 3


def test_what_was_current_before_is_current_again(tracing, server_spans, record_of):
    with tracing.tracer.start_as_current_span("a test's own") as outer:
        record = record_of()
        server_spans.open(record, ENVIRON)
        complete(record)
        server_spans.close(record)
        assert get_current_span() is outer


def test_closing_in_another_greenlet_disturbs_neither(tracing, server_spans, record_of, spans_in, caplog):
    record = record_of()
    server_spans.open(record, ENVIRON)
    complete(record)

    def elsewhere():
        with tracing.tracer.start_as_current_span("elsewhere") as own:
            server_spans.close(record)
            return get_current_span() is own

    with caplog.at_level(logging.DEBUG):
        assert gevent.spawn(contextvars.Context().run, elsewhere).get()
    # The serving greenlet takes its next request: the one before must not be its parent, nor come back after it.
    following = record_of()
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


def test_streamed_response_has_its_span_while_iterated_in_the_same_greenlet(tracing, server_spans, record_of, spans_in):
    record = record_of()

    def body():
        tracing.tracer.start_span("find more").end()
        yield b"x"

    server_spans.open(record, ENVIRON)
    list(body())
    complete(record)
    server_spans.close(record)
    child, server = spans_in(tracing.queue)
    assert (child.name, child.parent) == ("find more", server.context)


def test_killed_greenlet_still_ends_its_span(tracing, server_spans, record_of, spans_in):
    def serve():
        record = record_of()
        server_spans.open(record, ENVIRON)
        try:
            gevent.sleep(60)
        finally:
            complete(record, status=None, outcome="killed")
            server_spans.close(record)

    greenlet = gevent.spawn(serve)
    gevent.sleep(0)
    greenlet.kill()
    assert [(span.name, span.attributes["error.type"]) for span in spans_in(tracing.queue)] == [("GET /posts", "killed")]


def test_refused_span_takes_the_exemplar_with_it(tracing_of, record_of, dropped):
    tracing = tracing_of(queue_spans=1)
    server_spans = WsgiServerSpans(tracing, TelemetryConfig())
    sampled = []
    for _ in range(2):
        record = record_of()
        server_spans.open(record, ENVIRON)
        assert record.sampled
        complete(record)
        server_spans.close(record)
        sampled.append(record.sampled)
    assert (sampled, dropped()) == ([True, False], {"queue_full": 1})


def test_span_that_the_app_ended_is_left_as_it_is(tracing, server_spans, record_of, spans_in, caplog):
    record = record_of()
    server_spans.open(record, ENVIRON)
    get_current_span().end()
    complete(record)
    server_spans.close(record)
    assert ([span.name for span in spans_in(tracing.queue)], caplog.records) == (["GET"], [])


def test_closing_twice_or_without_opening_does_nothing(tracing, server_spans, record_of, spans_in):
    record = record_of()
    server_spans.close(record)
    server_spans.open(record, ENVIRON)
    complete(record)
    server_spans.close(record)
    server_spans.close(record)
    assert len(spans_in(tracing.queue)) == 1
