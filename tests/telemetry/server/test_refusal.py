"""What no app answers: a head that cannot be read, and an app that gives up. Each is a problem with
an id, and repeats nothing.
"""

import json
import socket
from http import HTTPStatus

import pytest

from telemetry.names import UNREADABLE_REQUESTS
from tests.machine import PATIENCE_SECONDS
from tests.telemetry.server.conftest import scenarios
from tests.telemetry.server.processes import gunicorn, management, until

pytestmark = pytest.mark.e2e

CANARY = b"canary-token"
UNREADABLE = {
    b"GET /who?token=" + CANARY + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n": (
        414,
        "The URL is too long.",
    ),
    b"GET /who HTTP/1.1\r\nCookie: " + CANARY + b"a" * 900_000 + b"\r\n\r\n": (
        431,
        "The headers are too many, or one of them is too large.",
    ),
    b"GET /who\t" + CANARY + b"\r\n\r\n": (400, "The request cannot be read."),
    b"GET /who HTTP/1.1\r\nA B: " + CANARY + b"\r\n\r\n": (400, "The request cannot be read."),
    b"GET /who HTTP/9.9\r\nX: " + CANARY + b"\r\n\r\n": (400, "The request cannot be read."),
    b"POST /who HTTP/1.1\r\nTransfer-Encoding: " + CANARY + b"\r\n\r\n": (
        501,
        "The transfer coding is not known here.",
    ),
    b"GET /who HTTP/1.1\r\nExpect: " + CANARY + b"\r\n\r\n": (
        417,
        "What the client expects is not known here.",
    ),
}


def exchanged(port, request):
    """All that comes back: status line, headers, body."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return status, dict(header.split(": ") for header in headers), json.loads(body)


def unreadable():
    with gunicorn() as server:
        port = server.ready()["port"]
        answers = [exchanged(server.port, request) for request in UNREADABLE]
        metrics = management(port, "/metrics").body.decode().splitlines()
        until(lambda: len(server.said("request refused")) == len(UNREADABLE), "a line of each")
        return (
            answers,
            [line for line in metrics if line.startswith(UNREADABLE_REQUESTS.name)],
            server.said("request refused"),
            server.text,
        )


@scenarios((unreadable,))
def test_what_cannot_be_read_is_a_problem_is_counted_and_is_not_repeated(outcome):
    answers, counted, told, text = outcome

    for (status, detail), (line, headers, body) in zip(UNREADABLE.values(), answers, strict=True):
        title, request_id = HTTPStatus(status).phrase, headers["X-Request-ID"]
        assert body == {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "request_id": request_id,
        }
        assert line == f"HTTP/1.1 {status} {title}"
        assert (headers["Content-Type"], headers["Connection"]) == (
            "application/problem+json",
            "close",
        )
    assert sorted(line for line in counted if "_created" not in line) == [
        f'http_server_unreadable_requests_total{{http_response_status_code="{status}"}} {count}.0'
        for status, count in ((400, 3), (414, 1), (417, 1), (431, 1), (501, 1))
    ]
    assert [(line["level"], line["status"], line["request_id"]) for line in told] == [
        ("INFO", body["status"], body["request_id"]) for _, _, body in answers
    ]
    assert CANARY.decode() not in text


def given_up():
    with gunicorn() as server:
        server.ready()
        answer = exchanged(server.port, b"GET /kill HTTP/1.1\r\nHost: x\r\n\r\n")
        return answer, until(
            lambda: next((line for line in server.lines if line.get("path") == "/kill"), None),
            "its line",
        )


@scenarios((given_up,))
def test_an_app_that_gives_up_leaves_a_problem_with_the_requests_own_id(outcome):
    (status, headers, body), line = outcome

    assert (status, headers["Content-Type"]) == (
        "HTTP/1.1 500 Internal Server Error",
        "application/problem+json",
    )
    assert body["detail"] == "Something went wrong on our side. The request id finds what it was."
    assert headers["X-Request-ID"] == body["request_id"] == line["request_id"]
