"""A listening port is no proof of life: probes against real sockets."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from stack import probes
from stack.probes import Answer


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def http_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/ready", Answer(True, "answers 200")), ("/else", Answer(False, "answers 503"))],
)
def test_http_must_answer_200(http_port: int, path: str, expected: Answer) -> None:
    assert probes.ask(f"http://127.0.0.1:{http_port}{path}") == expected


@pytest.mark.parametrize("scheme", ["http", "mongodb"])
def test_port_that_accepts_and_says_nothing_is_not_ready(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = probes.ask(f"{scheme}://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=0.1)
    assert answer == Answer(False, "does not answer (TimeoutError)")


@pytest.mark.parametrize("scheme", ["http", "mongodb"])
def test_closed_port_is_not_ready(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probes.ask(f"{scheme}://127.0.0.1:{port}") == Answer(
        False, "does not answer (ConnectionRefusedError)"
    )


@pytest.mark.slow
def test_server_that_does_not_speak_mongodb_is_not_ready(http_port: int) -> None:
    assert not probes.ask(f"mongodb://127.0.0.1:{http_port}").ready
