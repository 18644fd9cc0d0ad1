"""Readiness probes against real sockets: a listening port is not enough."""

import http.server
import socket
from collections.abc import Iterator

import pytest

from stack import probes
from stack.probes import ProbeResult
from tests.support.served import served


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


@pytest.fixture
def http_port() -> Iterator[int]:
    with served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/ready", ProbeResult(True, "answers 200")), ("/else", ProbeResult(False, "answers 503"))],
)
def test_http_must_answer_200(http_port: int, path: str, expected: ProbeResult) -> None:
    assert probes.probe(f"http://127.0.0.1:{http_port}{path}") == expected


@pytest.mark.parametrize("scheme", ["http", "mongodb"])
def test_port_that_accepts_and_does_not_answer_is_not_ready(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = probes.probe(
            f"{scheme}://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=0.1
        )
    assert result == ProbeResult(False, "does not answer (TimeoutError)")


@pytest.mark.parametrize("scheme", ["http", "mongodb"])
def test_closed_port_is_not_ready(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probes.probe(f"{scheme}://127.0.0.1:{port}") == ProbeResult(
        False, "does not answer (ConnectionRefusedError)"
    )


@pytest.mark.slow
def test_server_that_does_not_speak_mongodb_is_not_ready(http_port: int) -> None:
    assert not probes.probe(f"mongodb://127.0.0.1:{http_port}").ready
