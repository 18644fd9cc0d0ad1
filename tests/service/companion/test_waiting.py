"""While the model is waited for: a bounded number of calls, nothing of the database held, and
nothing left behind when a client leaves.
"""

import json
import socket

import gevent
import pytest
from gevent import pywsgi

from service.companion.heartbeat import ReaderLeft, with_silences
from service.companion.streaming import presence
from service.seed import seed
from tests.machine import PATIENCE_SECONDS
from tests.service.companion.conftest import ADA, CONVERSATIONS, MESSAGES, eventually, member

POSTS = "/api/v1/blog/posts?limit=1"


def test_call_beyond_the_limit_is_refused_at_once(companion_with, model):
    companion = companion_with(COMPANION_AT_ONCE="3")
    model.behave(fault="hang")
    hanging = [
        gevent.spawn(companion.say),
        gevent.spawn(companion.stream),
        gevent.spawn(companion.say),
    ]
    eventually(lambda: companion.calls() == 3)

    for stream in (False, True):
        refused = companion.say(stream=stream)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.get_json(force=True)["type"] == "urn:serene:problem:companion-busy"
    assert companion.results() == {"rejected": 2}

    gevent.killall(hanging)
    assert companion.calls() == 0
    model.reset()
    assert companion.say().status_code == 200
    assert companion.results() == {"rejected": 2, "disconnected": 3, "answered": 1}


def test_hanging_calls_hold_no_database_connection(companion_with, model, telemetry):
    companion = companion_with(
        MONGODB_MAX_POOL_SIZE="1",
        MONGODB_MIN_POOL_SIZE="0",
        MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS="20",
    )
    seed(companion.service)
    conversation = companion.say().get_json()["conversation_id"]
    model.behave(fault="hang")
    hanging = [gevent.spawn(companion.say, conversation_id=conversation) for _ in range(20)]
    hanging += [gevent.spawn(companion.stream) for _ in range(80)]
    eventually(lambda: companion.calls() == 100)

    assert [companion.client.get(POSTS).status_code for _ in range(20)] == [200] * 20
    used = [
        one
        for family in telemetry.registry.collect()
        for one in family.samples
        if one.name == "db_client_connection_count"
    ]
    assert {one.labels["db_client_connection_state"]: one.value for one in used}["used"] == 0
    # All of the default number of places were taken.
    assert companion.say().status_code == 503
    gevent.killall(hanging)
    assert companion.calls() == 0


@pytest.fixture
def served(companion, model):
    """The app behind a real server; gives its port."""
    server = pywsgi.WSGIServer(("127.0.0.1", 0), companion.client.application, log=None)
    server.start()
    yield server.server_port
    server.stop()


def asking(port: int, **body) -> socket.socket:
    """A connection on which a message was sent."""
    content = json.dumps({"message": "hello", **body}).encode()
    token = member()["Authorization"]
    head = f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
    connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return connection


def test_client_disconnect_ends_the_call_and_stores_the_partial_reply(served, companion, model):
    model.behave(tokens_per_second=20)
    connection = asking(served, stream=True)
    received = b""
    while b" hear" not in received:
        received += connection.recv(4096)
    assert (companion.calls(), model.under_way()) == (1, 1)
    connection.close()

    eventually(lambda: companion.calls() == 0)
    eventually(lambda: model.under_way() == 0)
    eventually(lambda: companion.results() == {"disconnected": 1})
    (found,) = companion.get(CONVERSATIONS).get_json()["conversations"]
    said, reply = companion.get(f"{CONVERSATIONS}/{found['conversation_id']}").get_json()[
        "messages"
    ]
    assert (said["text"], reply["is_whole"]) == ("hello", False)
    assert reply["text"].startswith("I hear")
    assert len(reply["text"]) < 60


def test_events_are_sent_one_by_one(served, model):
    model.behave(fault="hang", fault_after_tokens=1)
    with asking(served, stream=True) as connection:
        received = b""
        while b"\n\n" not in received.partition(b"\r\n\r\n")[2]:
            received += connection.recv(4096)
    assert b'event: message\ndata: {"delta": "I"}\n\n' in received


@pytest.mark.parametrize("stream", [False, True])
def test_a_killed_greenlet_ends_the_call(companion, model, stream):
    model.behave(fault="hang", fault_after_tokens=2)
    greenlet = gevent.spawn(companion.stream if stream else companion.say)
    eventually(lambda: model.under_way() == 1 and companion.calls() == 1)
    greenlet.kill()
    assert (companion.calls(), companion.results()) == (0, {"disconnected": 1})


def test_a_response_that_is_closed_without_being_read_ends_the_call(companion, model):
    model.behave(fault="hang", fault_after_tokens=1)
    response = companion.client.post(
        MESSAGES, json={"message": "hello", "stream": True}, headers=member(ADA), buffered=False
    )
    assert companion.calls() == 1
    response.close()
    assert (companion.calls(), companion.results()) == (0, {"disconnected": 1})


def test_closed_connection_is_detected_without_a_write():
    ours, theirs = socket.socketpair()
    stays = presence({"gunicorn.socket": ours})
    assert stays()
    theirs.sendall(b"GET / HTTP/1.1\r\n")  # the next request is no departure
    assert stays()
    theirs.close()
    assert not stays()
    ours.close()
    assert presence({})()


def test_disconnected_reader_ends_a_silent_source():
    ended = []

    def source():
        try:
            yield 1
            gevent.sleep(60)
        finally:
            ended.append(True)

    looks = iter([True, True, False])
    found = []
    with pytest.raises(ReaderLeft):
        found.extend(with_silences(source(), 60, lambda: next(looks), 0.01))
    assert (found, ended) == ([1], [True])


def test_source_is_read_no_faster_than_its_reader():
    read = []

    def source():
        for number in range(1000):
            read.append(number)
            yield number

    items = with_silences(source(), 60, lambda: True, 60)
    assert next(items) == 0
    gevent.sleep(0.05)
    assert len(read) < 100
    assert sum(1 for _ in items) == 999


def test_error_of_the_source_reaches_its_reader():
    def source():
        yield 1
        raise ValueError("asked for")

    items = with_silences(source(), 60, lambda: True, 60)
    assert next(items) == 1
    with pytest.raises(ValueError, match="asked for"):
        next(items)
