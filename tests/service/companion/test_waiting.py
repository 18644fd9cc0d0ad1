"""During a call of the model: the limit of calls, the database, and disconnecting clients."""

import json
import socket

import gevent
import pytest
from gevent import pywsgi

from service.companion.heartbeat import ReaderDisconnected, with_keepalive
from service.companion.streaming import connection_check
from service.seed import seed
from tests.machine import PATIENCE_SECONDS
from tests.service.companion.conftest import ADA, CONVERSATIONS, MESSAGES, member
from tests.support.polling import wait_until

THERAPISTS = "/api/v1/therapists?limit=1"


def test_call_beyond_the_limit_is_refused_at_once(companion_with, model):
    companion = companion_with(COMPANION_AT_ONCE="3")
    model.behave(fault="hang")
    hanging = [
        gevent.spawn(companion.send),
        gevent.spawn(companion.stream),
        gevent.spawn(companion.send),
    ]
    wait_until(lambda: companion.active_calls() == 3, what="three calls run")

    for stream in (False, True):
        refused = companion.send(stream=stream)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.get_json(force=True)["type"] == "urn:serene:problem:companion-busy"
    assert companion.results() == {"rejected": 2}

    gevent.killall(hanging)
    assert companion.active_calls() == 0
    model.reset()
    assert companion.send().status_code == 200
    assert companion.results() == {"rejected": 2, "disconnected": 3, "answered": 1}


def test_hanging_calls_hold_no_database_connection(companion_with, model, telemetry):
    companion = companion_with(
        MONGODB_MAX_POOL_SIZE="1",
        MONGODB_MIN_POOL_SIZE="0",
        MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS="20",
    )
    seed(companion.service)
    conversation = companion.send().get_json()["conversation_id"]
    model.behave(fault="hang")
    hanging = [gevent.spawn(companion.send, conversation_id=conversation) for _ in range(20)]
    hanging += [gevent.spawn(companion.stream) for _ in range(80)]
    wait_until(lambda: companion.active_calls() == 100, what="a hundred calls run")

    assert [companion.client.get(THERAPISTS).status_code for _ in range(20)] == [200] * 20
    used = [
        one
        for family in telemetry.registry.collect()
        for one in family.samples
        if one.name == "db_client_connection_count"
    ]
    assert {one.labels["db_client_connection_state"]: one.value for one in used}["used"] == 0
    # The default limit is reached.
    assert companion.send().status_code == 503
    gevent.killall(hanging)
    assert companion.active_calls() == 0


@pytest.fixture
def served(companion, model):
    """The app behind a real server; returns its port."""
    server = pywsgi.WSGIServer(("127.0.0.1", 0), companion.client.application, log=None)
    server.start()
    yield server.server_port
    server.stop()


def open_request(port: int, **body) -> socket.socket:
    """Return a connection on which a message was sent."""
    content = json.dumps({"message": "hello", **body}).encode()
    token = member()["Authorization"]
    head = (
        f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        "Content-Type: application/json\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
    connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return connection


def test_client_disconnect_ends_the_call_and_stores_the_partial_reply(served, companion, model):
    model.behave(tokens_per_second=20)
    connection = open_request(served, stream=True)
    received = b""
    while b" hear" not in received:
        received += connection.recv(4096)
    assert (companion.active_calls(), model.active_calls()) == (1, 1)
    connection.close()

    wait_until(lambda: companion.active_calls() == 0, what="the call ends")
    wait_until(lambda: model.active_calls() == 0, what="the model's stream ends")
    wait_until(
        lambda: companion.results() == {"disconnected": 1}, what="the disconnect is recorded"
    )
    (found,) = companion.get(CONVERSATIONS).get_json()["conversations"]
    message, reply = companion.get(f"{CONVERSATIONS}/{found['conversation_id']}").get_json()[
        "messages"
    ]
    assert (message["text"], reply["is_whole"]) == ("hello", False)
    assert reply["text"].startswith("I hear")
    assert len(reply["text"]) < 60


def test_events_are_sent_one_by_one(served, model):
    model.behave(fault="hang", fault_after_tokens=1)
    with open_request(served, stream=True) as connection:
        received = b""
        while b"\n\n" not in received.partition(b"\r\n\r\n")[2]:
            received += connection.recv(4096)
    assert b'event: message\ndata: {"delta": "I"}\n\n' in received


@pytest.mark.parametrize("stream", [False, True])
def test_a_killed_greenlet_ends_the_call(companion, model, stream):
    model.behave(fault="hang", fault_after_tokens=2)
    greenlet = gevent.spawn(companion.stream if stream else companion.send)
    wait_until(
        lambda: model.active_calls() == 1 and companion.active_calls() == 1, what="the call runs"
    )
    greenlet.kill()
    assert (companion.active_calls(), companion.results()) == (0, {"disconnected": 1})


def test_a_response_that_is_closed_without_being_read_ends_the_call(companion, model):
    model.behave(fault="hang", fault_after_tokens=1)
    response = companion.client.post(
        MESSAGES, json={"message": "hello", "stream": True}, headers=member(ADA), buffered=False
    )
    assert companion.active_calls() == 1
    response.close()
    assert (companion.active_calls(), companion.results()) == (0, {"disconnected": 1})


def test_closed_connection_is_detected_without_a_write():
    ours, theirs = socket.socketpair()
    is_connected = connection_check({"gunicorn.socket": ours})
    assert is_connected()
    theirs.sendall(b"GET / HTTP/1.1\r\n")  # the next request is no disconnect
    assert is_connected()
    theirs.close()
    assert not is_connected()
    ours.close()
    assert connection_check({})()


def test_disconnected_reader_ends_a_silent_source():
    ended = []

    def source():
        try:
            yield 1
            gevent.sleep(60)
        finally:
            ended.append(True)

    checks = iter([True, True, False])
    found = []
    with pytest.raises(ReaderDisconnected):
        found.extend(with_keepalive(source(), 60, lambda: next(checks), 0.01))
    assert (found, ended) == ([1], [True])


def test_source_is_read_no_faster_than_its_reader():
    read = []

    def source():
        for number in range(1000):
            read.append(number)
            yield number

    items = with_keepalive(source(), 60, lambda: True, 60)
    assert next(items) == 0
    gevent.sleep(0.05)
    assert len(read) < 100
    assert sum(1 for _ in items) == 999


def test_error_of_the_source_reaches_its_reader():
    def source():
        yield 1
        raise ValueError("asked for")

    items = with_keepalive(source(), 60, lambda: True, 60)
    assert next(items) == 1
    with pytest.raises(ValueError, match="asked for"):
        next(items)
