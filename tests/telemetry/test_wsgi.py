"""The WSGI layer records each request once, whole, and changes only headers."""

import re
import uuid

import gevent
import pytest
from flask import Flask, Response, abort
from opentelemetry.trace import get_current_span

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import current_record
from telemetry.requests.recorder import ACCOUNT_PHASES, Recorder, Step
from telemetry.tracing import Tracing, WsgiServerSpans
from telemetry.wsgi import RequestLayer, install


class App:
    """A Flask app behind the layer, its completed requests, and the errors of telemetry."""

    def __init__(self):
        self.records = []
        self.errors = []
        guard = Guard(strict=False, on_error=self.errors.append)
        config = TelemetryConfig(environment="test")
        metrics = Metrics()
        self.lifecycle = Lifecycle(metrics)
        spans = WsgiServerSpans(Tracing(config, metrics, guard))
        self.recorder = Recorder(guard, completion=(ACCOUNT_PHASES, Step("span", spans.close)))
        self.recorder.add_sink("test", self.records.append)
        self.app = Flask("shop")
        self.layer = RequestLayer(
            self.app.wsgi_app,
            parser=RequestParser(config),
            recorder=self.recorder,
            spans=spans,
            lifecycle=self.lifecycle,
            guard=guard,
            config=config,
        )
        install(self.app, self.layer)
        self.client = self.app.test_client()

    def get(self, path, **headers):
        """One request, its response read and closed as a server would."""
        return self.client.get(path, headers=headers, buffered=True)

    def facts(self):
        """The end of the one request that was completed."""
        (record,) = self.records
        return record.route, record.status, record.outcome, record.error_type, record.response_bytes


@pytest.fixture
def serving():
    serving = App()

    @serving.app.get("/hello/<name>")
    def hello(name):
        return f"hello {name}"

    @serving.app.get("/raise")
    def fail():
        raise ValueError("no")

    @serving.app.get("/gone")
    def gone():
        abort(410)

    @serving.app.get("/stream")
    def stream():
        def chunks():
            for number in range(3):
                yield f"{number}\n"
                gevent.sleep(0.05)

        return Response(chunks())

    @serving.app.get("/stream-that-breaks")
    def breaks():
        def chunks():
            yield "one\n"
            raise RuntimeError("half way")

        return Response(chunks())

    @serving.app.get("/killed")
    def killed():
        raise gevent.GreenletExit

    @serving.app.get("/late")
    def late():
        raise gevent.Timeout(1)

    yield serving
    assert serving.errors == []
    assert serving.recorder.in_flight == ()
    assert current_record() is None
    assert not get_current_span().get_span_context().is_valid


def test_answer_carries_its_ids_and_its_time(serving):
    answer = serving.get(
        "/hello/you", traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    )
    (record,) = serving.records
    assert answer.text == "hello you"
    assert answer.headers["X-Request-ID"] == record.request_id
    assert uuid.UUID(record.request_id).version == 4
    assert re.fullmatch(r"\d+\.\d\dms", answer.headers["X-Response-Time"])
    traceparent = f"00-4bf92f3577b34da6a3ce929d0e0e4736-{record.span_id}-01"
    timing = rf'total;dur=\d+\.\d\d, traceparent;desc="{traceparent}"'
    assert re.fullmatch(timing, answer.headers["Server-Timing"])
    assert answer.headers["API-Version"] == "v1"
    assert "Connection" not in answer.headers
    assert serving.facts() == ("/hello/<name>", 200, "completed", "", 9)


def test_phases_are_sent_in_server_timing(serving):
    @serving.app.get("/waiting")
    def waiting():
        current_record().add_phase("db", 0.25)
        return "waited"

    assert "db;dur=250.00" in serving.get("/waiting").headers["Server-Timing"]


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("/nothing", ("_UNMATCHED", 404, "completed", "", 207)),
        ("/gone", ("/gone", 410, "completed", "", 143)),
        ("/raise", ("/raise", 500, "failed", "ValueError", 265)),
    ],
)
def test_errors_are_recorded_with_the_response_that_flask_made(serving, path, facts):
    answer = serving.get(path)
    assert serving.facts() == (*facts[:4], len(answer.data))


def test_stream_lasts_until_its_last_byte(serving):
    answer = serving.get("/stream")
    assert answer.text == "0\n1\n2\n"
    assert serving.facts() == ("/stream", 200, "completed", "", 6)
    assert serving.records[0].duration_seconds >= 0.15


def test_stream_that_raises_half_way_has_failed(serving):
    with pytest.raises(RuntimeError, match="half way"):
        serving.get("/stream-that-breaks")
    assert serving.facts() == ("/stream-that-breaks", 200, "failed", "RuntimeError", 4)


def ignore(status, headers, exc_info=None):
    """Start a response that nobody reads."""
    return lambda data: None


def begin(serving, path, start_response=ignore):
    """Call the app as a server does, up to the first chunk."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "t",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
    }
    body = serving.app(environ, start_response)
    next(iter(body))
    return body


class LineServer:
    """A response that takes prepared lines, as our own server's does."""

    takes_lines = True

    def start_response(self, status, headers, exc_info=None, lines=""):
        self.headers = [
            *headers,
            *(tuple(line.split(": ", 1)) for line in lines.split("\r\n")[:-1]),
        ]
        return lambda data: None


class PlainServer(LineServer):
    takes_lines = False


def names_and_shapes(headers):
    """Headers, with ids and times as ``#``."""
    return [(name, re.sub(r"[0-9a-f-]{16,}|\d+\.\d+", "#", value)) for name, value in headers]


def test_server_that_takes_lines_gets_the_same_headers(serving):
    by_lines, by_pairs = LineServer(), PlainServer()
    for server in (by_lines, by_pairs):
        begin(serving, "/hello/you", server.start_response).close()
    assert names_and_shapes(by_lines.headers) == names_and_shapes(by_pairs.headers)
    assert [name for name, _ in by_lines.headers][-5:] == [
        "API-Version",
        "API-Supported-Versions",
        "X-Request-ID",
        "X-Response-Time",
        "Server-Timing",
    ]
    assert dict(by_lines.headers)["X-Request-ID"] == serving.records[0].request_id


def test_server_that_takes_lines_is_asked_to_close_in_a_drain(serving):
    serving.lifecycle.ready()
    serving.lifecycle.drain("test")
    server = LineServer()
    begin(serving, "/hello/you", server.start_response).close()
    assert ("Connection", "close") in server.headers


def test_middleware_in_front_of_a_server_that_takes_lines_sees_all_headers(serving):
    server, seen = LineServer(), []

    def start_response(status, headers, exc_info=None):
        seen.extend(headers)
        return server.start_response(status, headers, exc_info)

    begin(serving, "/hello/you", start_response).close()
    assert seen == server.headers
    assert "X-Request-ID" in dict(seen)


@pytest.mark.parametrize(
    ("error", "outcome", "error_type"),
    [
        (BrokenPipeError(), "client_disconnected", "BrokenPipeError"),
        (ConnectionResetError(), "client_disconnected", "ConnectionResetError"),
        (gevent.GreenletExit(), "killed", "GreenletExit"),
        (gevent.Timeout(1), "timeout", "Timeout"),
    ],
)
def test_exception_that_the_server_handles_at_close_is_the_outcome(
    serving, error, outcome, error_type
):
    body = begin(serving, "/stream")

    def send():
        try:
            raise error
        finally:
            body.close()

    with pytest.raises(type(error)):
        send()
    assert serving.facts() == ("/stream", 200, outcome, error_type, 2)


def test_body_closed_before_its_end_means_that_the_client_disconnected(serving):
    begin(serving, "/stream").close()
    assert serving.facts() == ("/stream", 200, "client_disconnected", "", 2)


def test_exception_that_the_caller_handled_before_is_not_the_outcome(serving):
    try:
        raise ConnectionResetError
    except ConnectionResetError:
        serving.get("/hello/you")
    assert serving.facts() == ("/hello/<name>", 200, "completed", "", 9)


def test_body_closed_in_another_greenlet_leaves_nothing_behind_there(serving):
    body = begin(serving, "/stream")

    def close():
        body.close()
        return current_record()

    assert gevent.spawn(close).get() is None
    assert serving.facts() == ("/stream", 200, "client_disconnected", "", 2)
    serving.get("/hello/you")  # the next request of this greenlet takes the place of the former


@pytest.mark.parametrize(
    ("path", "error", "outcome"),
    [("/killed", gevent.GreenletExit, "killed"), ("/late", gevent.Timeout, "timeout")],
)
def test_request_that_is_cut_before_any_answer_has_the_500_that_the_server_sends(
    serving, path, error, outcome
):
    with pytest.raises(error):
        serving.get(path)
    assert serving.facts() == (path, 500, outcome, error.__name__, 0)


def test_exception_that_flask_lets_through_counts_as_the_500_that_the_server_sends(serving):
    serving.app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ValueError, match="no"):
        serving.get("/raise")
    assert serving.facts() == ("/raise", 500, "failed", "ValueError", 0)


def test_draining_closes_connections_and_then_refuses_requests(serving):
    serving.lifecycle.ready()
    serving.lifecycle.drain("test")
    assert serving.get("/hello/you").headers["Connection"] == "close"
    serving.lifecycle.stop_accepting()
    answer = serving.get("/hello/you")
    record = serving.records[-1]
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Connection"]) == (
        503,
        "1",
        "close",
    )
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "This server is shutting down; send the request again.",
        "request_id": record.request_id,
    }
    assert (record.status, record.outcome) == (503, "rejected")


@pytest.mark.parametrize("path", ["/hello/you", "/hello//you", "//hello/you", "/hello%2F/you"])
def test_a_wrong_method_is_never_an_error_of_telemetry(serving, path):
    assert serving.client.delete(path, buffered=True).status_code in {308, 404, 405}
    assert serving.errors == []


def test_telemetry_that_fails_everywhere_changes_no_response(serving, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("broken telemetry")

    monkeypatch.setattr(Recorder, "begin", broken)
    monkeypatch.setattr("telemetry.wsgi._times", broken)
    monkeypatch.setattr(Recorder, "complete", broken)
    assert serving.get("/hello/you").text == "hello you"
    assert serving.errors == ["layer.begin", "layer.headers", "layer.finish"]
    monkeypatch.setattr(RequestParser, "parse", broken)
    assert serving.get("/hello/you").text == "hello you"
    assert serving.errors[3:] == ["layer.arrival"]
    serving.errors.clear()
