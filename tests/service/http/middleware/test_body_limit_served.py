"""A refused body under both servers: the whole response arrives, then the connection ends."""

import contextlib
import json
import socket
import time

import pytest

from tests.machine import PATIENCE_SECONDS
from tests.service.http.middleware.app import BODY_LIMIT, UPLOAD_LIMIT
from tests.support.polling import wait_until
from tests.support.processes import gunicorn, standalone

ENVIRON = {
    "REQUEST_BODY_LIMIT_BYTES": BODY_LIMIT,
    "DRAIN_DELAY_SECONDS": 0,
    "OTEL_SERVICE_NAME": "Serene",
}
SERVERS = {
    "gunicorn": lambda: gunicorn(app="tests.service.http.middleware.app:served()", **ENVIRON),
    "standalone": lambda: standalone("tests.service.http.middleware.standalone", **ENVIRON),
}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=SERVERS)
def port(request):
    """Port of the small app."""
    with SERVERS[request.param]() as server:
        wait_until(
            lambda: server.process.poll() is None and server.get("/api/v1/small").status == 200,
            what="an answer",
        )
        yield server.port


@contextlib.contextmanager
def connected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as client:
        yield client, client.makefile("rb")


def head(path, *headers):
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: serene.test", *headers, "", ""]).encode()


def answer(reader):
    """Return one response: status, headers, body."""
    status = int(reader.readline().split()[1])
    headers = dict(
        line.decode().rstrip("\r\n").split(": ", 1) for line in iter(reader.readline, b"\r\n")
    )
    return status, headers, reader.read(int(headers.get("Content-Length", 0)))


def flood(client):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        client.sendall(b"x" * 65536)


def refused(reader, limit):
    """Assert that a whole 413 arrives and the connection ends after it."""
    status, headers, body = answer(reader)
    assert (status, headers["Content-Type"], headers["Connection"]) == (
        413,
        "application/problem+json",
        "close",
    )
    assert (json.loads(body)["type"], json.loads(body)["limit_bytes"]) == (
        "urn:serene:problem:body-too-large",
        limit,
    )
    assert reader.read() == b""


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/api/v1/json", BODY_LIMIT), ("/api/v1/blind", BODY_LIMIT), ("/api/v1/upload", UPLOAD_LIMIT)],
)
def test_announced_length_is_refused_before_the_body_is_sent(port, path, limit):
    with connected(port) as (client, reader):
        client.sendall(head(path, f"Content-Length: {limit + 1}"))
        refused(reader, limit)


def test_client_that_is_still_sending_gets_the_response(port):
    size = 20 * 1024**2
    with connected(port) as (client, reader):
        client.sendall(head("/api/v1/upload", f"Content-Length: {size}"))
        client.sendall(b"x" * size)  # raises if the connection is reset under it
        refused(reader, UPLOAD_LIMIT)


@pytest.mark.parametrize(
    ("path", "limit"), [("/api/v1/json", BODY_LIMIT), ("/api/v1/upload", UPLOAD_LIMIT)]
)
def test_endless_chunked_body_is_refused_at_the_limit(port, path, limit):
    with connected(port) as (client, reader):
        client.sendall(head(path, "Transfer-Encoding: chunked"))
        for _ in range(limit // 500 + 100):
            client.sendall(b"1f4\r\n" + b"x" * 500 + b"\r\n")
        refused(reader, limit)


@pytest.mark.parametrize("path", ["/api/v1/json", "/api/v1/upload"])
def test_chunked_body_within_the_limit_keeps_the_connection(port, path):
    with connected(port) as (client, reader):
        for _ in range(2):
            client.sendall(
                head(path, "Transfer-Encoding: chunked")
                + b"3e8\r\n"
                + b"x" * BODY_LIMIT
                + b"\r\n0\r\n\r\n"
            )
            status, headers, body = answer(reader)
            assert (
                status,
                headers.get("Connection", "keep-alive"),
                str(json.loads(body)["got"]).split()[0],
            ) == (
                200,
                "keep-alive",
                str(BODY_LIMIT),
            )


def test_endless_chunked_body_without_a_route_ends_with_the_response(port):
    with connected(port) as (client, reader):
        client.sendall(head("/nothing", "Transfer-Encoding: chunked") + b"1\r\nx\r\n")
        status, _, _ = answer(reader)
        assert (status, reader.read()) == (404, b"")


def test_expect_continue_is_refused_before_the_body_is_sent(port):
    with connected(port) as (client, reader):
        client.sendall(
            head("/api/v1/json", f"Content-Length: {BODY_LIMIT + 1}", "Expect: 100-continue")
        )
        refused(reader, BODY_LIMIT)


def test_expect_continue_gets_100_when_the_body_is_wanted(port):
    with connected(port) as (client, reader):
        client.sendall(head("/api/v1/json", "Content-Length: 5", "Expect: 100-continue"))
        assert (reader.readline(), reader.readline()) == (b"HTTP/1.1 100 Continue\r\n", b"\r\n")
        client.sendall(b"calm!")
        status, headers, body = answer(reader)
        assert (status, headers.get("Connection", "keep-alive"), json.loads(body)) == (
            200,
            "keep-alive",
            {"got": 5},
        )


def test_client_that_never_stops_sending_is_disconnected(port):
    with connected(port) as (client, reader):
        client.sendall(head("/api/v1/json", f"Content-Length: {10**12}"))
        status, _, _ = answer(reader)
        with pytest.raises(OSError):
            flood(client)
        assert status == 413


def test_server_header_has_no_version(port):
    with connected(port) as (client, reader):
        client.sendall(b"GET /api/v1/small HTTP/1.1\r\nHost: serene.test\r\n\r\n")
        _, headers, _ = answer(reader)
    assert (headers.get("Server", "Serene"), headers["X-Powered-By"]) == ("Serene", "Serene")
    assert [
        word
        for word in ("gunicorn", "gevent", "werkzeug", "python")
        if word in str(headers).lower()
    ] == []
