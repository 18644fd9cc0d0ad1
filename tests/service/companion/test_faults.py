"""Failures of the model: the problem, the number of attempts, and the stored messages."""

import socket

import pytest

from tests.service.companion.conftest import CONVERSATIONS
from tests.support.ports import free_port

FAILED = (502, "urn:serene:problem:companion-failed", None)
UNAVAILABLE = (503, "urn:serene:problem:companion-unavailable", "10")
TIMED_OUT = (504, "urn:serene:problem:companion-timed-out", None)


HASTY = {"COMPANION_FIRST_BYTE_TIMEOUT_SECONDS": "1.5"}
"""A short time-out, for a model that hangs."""


def problem_of(response) -> tuple[int, str, str | None]:
    """Return the problem's status, type and Retry-After."""
    body = response.get_json(force=True)
    assert (response.content_type, body["status"]) == (
        "application/problem+json",
        response.status_code,
    )
    assert body["request_id"] == response.headers["X-Request-ID"]
    return response.status_code, body["type"], response.headers.get("Retry-After")


@pytest.mark.parametrize(
    ("behaviour", "expected", "result"),
    [
        ({"status": 400}, FAILED, "error"),
        ({"status": 401}, FAILED, "error"),
        ({"status": 404}, FAILED, "error"),
        ({"status": 429}, UNAVAILABLE, "error"),
        ({"status": 429, "retry_after": 7}, (*UNAVAILABLE[:2], "7"), "error"),
        ({"status": 500}, FAILED, "error"),
        ({"status": 503}, FAILED, "error"),
        ({"fault": "garbage"}, FAILED, "error"),
        ({"fault": "cut"}, FAILED, "error"),
        ({"fault": "cut", "fault_after_tokens": 3}, FAILED, "error"),
        ({"fault": "garbage", "fault_after_tokens": 3}, FAILED, "error"),
        ({"fault": "hang"}, TIMED_OUT, "timeout"),
        ({"fault": "hang", "fault_after_tokens": 3}, TIMED_OUT, "timeout"),
        ({"first_byte_seconds": 30}, TIMED_OUT, "timeout"),
    ],
    ids=str,
)
def test_failed_call_is_a_problem_and_stores_nothing(
    companion_with, model, behaviour, expected, result
):
    companion = companion_with(**HASTY if expected == TIMED_OUT else {})
    model.behave(**behaviour)
    assert problem_of(companion.send("a word of mine")) == expected
    assert companion.results() == {result: 1}
    assert len(model.received_requests()) == 1
    assert companion.get(CONVERSATIONS).get_json()["conversations"] == []
    assert companion.active_calls() == 0


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"status": 401}, FAILED),
        ({"status": 500}, FAILED),
        ({"fault": "garbage"}, FAILED),
        ({"fault": "hang"}, TIMED_OUT),
    ],
    ids=str,
)
def test_before_the_first_event_a_stream_fails_with_a_status(
    companion_with, model, behaviour, expected
):
    companion = companion_with(**HASTY if expected == TIMED_OUT else {})
    model.behave(**behaviour)
    assert problem_of(companion.send(stream=True)) == expected


@pytest.mark.parametrize(
    ("fault", "status", "kind", "result"),
    [
        ("cut", 502, "companion-failed", "error"),
        ("garbage", 502, "companion-failed", "error"),
        ("hang", 504, "companion-timed-out", "timeout"),
    ],
)
def test_broken_stream_ends_with_an_error_event_and_stores_the_partial_reply(
    companion_with, model, fault, status, kind, result
):
    companion = companion_with(**HASTY if result == "timeout" else {})
    model.behave(fault=fault, fault_after_tokens=3)
    *messages, (name, problem) = companion.stream("hello")

    assert messages == [("message", {"delta": piece}) for piece in ("I", " hear", " you.")]
    assert (name, problem["status"], problem["type"]) == (
        "error",
        status,
        f"urn:serene:problem:{kind}",
    )
    assert problem["instance"] == "/api/v1/companion/messages"
    stored = companion.get(f"{CONVERSATIONS}/{problem['conversation_id']}").get_json()["messages"]
    assert [(one["message_id"], one["text"], one["is_whole"]) for one in stored] == [
        (problem["message_id"], "hello", True),
        (problem["reply_id"], "I hear you.", False),
    ]
    assert companion.results() == {result: 1}


def test_failure_after_a_keepalive_comment_is_an_error_event(companion_with, model):
    companion = companion_with(COMPANION_HEARTBEAT_SECONDS="0.2", **HASTY)
    model.behave(fault="hang")
    names = companion.stream()
    assert (names[0], names[-1][0], names[-1][1]["status"]) == (("", None), "error", 504)
    assert companion.get(CONVERSATIONS).get_json()["conversations"] == []


def test_reply_past_its_timeout_is_cut(companion_with, model):
    companion = companion_with(COMPANION_ANSWER_TIMEOUT_SECONDS="1")
    model.behave(tokens_per_second=5)
    assert problem_of(companion.send("one two three four five six")) == TIMED_OUT
    assert companion.stream()[-1][1]["status"] == 504


def test_reply_timeout_includes_the_waits_between_retries(companion_with, model):
    companion = companion_with(COMPANION_ANSWER_TIMEOUT_SECONDS="0.3", COMPANION_RETRIES="5")
    model.behave(status=500)
    assert problem_of(companion.send()) == TIMED_OUT


@pytest.mark.parametrize(
    ("behaviour", "attempts"),
    [
        ({"status": 500}, 3),
        ({"status": 401}, 1),
        ({"status": 429}, 1),
        ({"fault": "hang"}, 1),
        ({"fault": "cut", "fault_after_tokens": 1}, 1),
    ],
    ids=str,
)
def test_only_transient_failures_before_the_first_byte_are_retried(
    companion_with, model, behaviour, attempts
):
    companion = companion_with(
        COMPANION_RETRIES="2", **HASTY if behaviour == {"fault": "hang"} else {}
    )
    model.behave(**behaviour)
    assert companion.send().status_code >= 500
    assert len(model.received_requests()) == attempts
    assert sum(companion.results().values()) == 1


def test_refused_connection_fails_at_once(companion_with):
    assert (
        problem_of(companion_with(COMPANION_BASE_URL=f"http://127.0.0.1:{free_port()}/v1").send())
        == FAILED
    )


def test_connect_timeout_limits_the_wait_for_an_endpoint(companion_with):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        # The kernel completes a connection or two for a listener that never accepts; the next one
        # hangs.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        companion = companion_with(
            COMPANION_BASE_URL=f"http://127.0.0.1:{address[1]}/v1",
            COMPANION_CONNECT_TIMEOUT_SECONDS="0.3",
        )
        assert problem_of(companion.send()) == TIMED_OUT
        for one in waiting:
            one.close()


def test_problem_does_not_repeat_the_error_text_of_the_model(companion, model):
    model.behave(status=400)
    assert "canary" not in companion.send("canary").get_data(as_text=True)
