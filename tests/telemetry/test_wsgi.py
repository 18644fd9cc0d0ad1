"""The WSGI layer records each request once, whole, and changes only headers."""

import re
import uuid

import gevent
import pytest

from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import current_record
from telemetry.requests.recorder import Recorder
from tests.telemetry.wsgi_app import begin, serving_app


@pytest.fixture
def serving():
    with serving_app() as serving:
        yield serving


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
