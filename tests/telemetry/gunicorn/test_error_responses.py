"""Responses that no app gives: to an unreadable head, and for an app that failed.

Each is a problem with a request id, and repeats nothing of the request.
"""

import json
import socket
from http import HTTPStatus

import pytest

from telemetry.names import UNREADABLE_REQUESTS
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.processes import get_management, gunicorn
from tests.support.scenarios import scenarios

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
    b"GET /who\t" + CANARY + b"\r\n\r\n": (400, "The first line must be METHOD TARGET VERSION."),
    b"GET /who HTTP/1.1\r\nA B: " + CANARY + b"\r\n\r\n": (
        400,
        "A header's name must be a token, and the colon must follow it.",
    ),
    b"GET /who HTTP/9.9\r\nX: " + CANARY + b"\r\n\r\n": (
        505,
        "Only HTTP/1.0 and HTTP/1.1 are supported.",
    ),
    b"POST /who HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + CANARY + b"\r\n\r\n": (
        501,
        "The transfer coding is not known here.",
    ),
    b"GET /who HTTP/1.1\r\nExpect: " + CANARY + b"\r\n\r\n": (
        417,
        "What the client expects is not known here.",
    ),
}


def exchange(port, request):
    """Send raw bytes; returns status line, headers and body."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return status, dict(header.split(": ") for header in headers), json.loads(body)


def unreadable():
    with gunicorn() as server:
        port = server.wait_until_ready()["port"]
        answers = [exchange(server.port, request) for request in UNREADABLE]
        metrics = get_management(port, "/metrics").body.decode().splitlines()
        wait_until(
            lambda: len(server.logged("request refused")) == len(UNREADABLE),
            what="a line for each",
        )
        return (
            answers,
            [line for line in metrics if line.startswith(UNREADABLE_REQUESTS.name)],
            server.logged("request refused"),
            server.text,
        )


@scenarios((unreadable,))
def test_unreadable_request_gets_a_problem_is_counted_and_is_not_repeated(outcome):
    answers, counted, lines, text = outcome

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
        for status, count in ((400, 2), (414, 1), (417, 1), (431, 1), (501, 1), (505, 1))
    ]
    assert [
        (line["level"], line["status"], line["reason"], line["request_id"]) for line in lines
    ] == [("INFO", body["status"], body["detail"], body["request_id"]) for _, _, body in answers]
    assert CANARY.decode() not in text


def app_failed():
    with gunicorn() as server:
        server.wait_until_ready()
        answer = exchange(server.port, b"GET /kill HTTP/1.1\r\nHost: x\r\n\r\n")
        line = wait_until(
            lambda: next((line for line in server.lines if line.get("path") == "/kill"), None),
            what="its line",
        )
        return answer, line


@scenarios((app_failed,))
def test_failed_app_gets_a_problem_with_the_id_of_its_request(outcome):
    (status, headers, body), line = outcome

    assert (status, headers["Content-Type"]) == (
        "HTTP/1.1 500 Internal Server Error",
        "application/problem+json",
    )
    assert body["detail"] == "Something went wrong on our side. The request id finds what it was."
    assert headers["X-Request-ID"] == body["request_id"] == line["request_id"]
