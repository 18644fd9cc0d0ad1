"""Whatever a client does to its connection is its own: no 500, no traceback, no exit code.

One table of failures, run against both servers, each followed by an ordinary request.
"""

import contextlib
import socket
import time

import pytest

from tests.support.polling import wait_until
from tests.support.processes import SERVERS, get_management
from tests.support.scenarios import scenarios
from tests.telemetry.server.slow_clients import FORM, abort, connect, post, read_to_end

pytestmark = pytest.mark.e2e

GET = b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"GET /bytes?size=67108864 HTTP/1.1\r\nHost: x\r\n\r\n"
STREAM = b"GET /bytes?size=67108864&pieces=1 HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow?seconds=0.3 HTTP/1.1\r\nHost: x\r\n\r\n"
EVENTS = b"GET /events?seconds=1 HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
FORM_TYPE = "multipart/form-data; boundary=x"
TLS_HELLO = bytes.fromhex("16030100c8010000c403030102030405060708090a0b0c0d0e0f")
EXPECT = b"Expect: 100-continue\r\n"

SENT = {
    "nothing": b"",
    "an empty line": b"\r\n",
    "half of a method": b"GE",
    "half of a head": b"GET /who HTTP/1.1\r\nHost: x\r\nA: ",
    "the beginning of TLS": TLS_HELLO,
    "a head, half of a body": post("/body/json", 200, kind="application/json") + b"{",
    "half of a form": post("/body/form", 900, kind=FORM_TYPE) + FORM,
    "half of a stream": post("/body/stream", 1_000_000) + bytes(1000),
    "half of a body read past the framework": post("/body/raw", 1_000_000) + bytes(1000),
    "half of a body read in lines": post("/body/lines", 1_000_000) + b"a\n",
    "half of a body nobody reads": post("/body/unread", 1_000_000) + bytes(1000),
    "half of a body read late": post("/body/late", 1_000_000) + bytes(1000),
    "half of a chunk's size": post("/body/data", CHUNKED) + b"5",
    "half of a chunk": post("/body/data", CHUNKED) + b"5\r\nab",
    "half of a chunk read past the framework": post("/body/raw", CHUNKED) + b"5\r\nab",
    "chunks without an end": post("/body/stream", CHUNKED) + b"2\r\nab\r\n",
    "half of a trailer": post("/body/data", CHUNKED) + b"0\r\nA: b",
    "a wish to continue": post("/body/data", 200, extra=EXPECT),
    "a request": GET,
    "a request that takes a while": SLOW,
    "a request for much": LARGE,
    "a request for a stream": STREAM,
    "a request for events": EVENTS,
    "two requests": GET + SLOW,
    "a request and half of another": GET + b"GET /who",
    "a request and the beginning of a body": GET + post("/body/data", 200),
}


def reset(client):
    abort(client)


def reset_after_a_moment(client):
    time.sleep(0.2)
    abort(client)


def close(client):
    client.close()


def half_close(client):
    """Send no more, and read what comes."""
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_WR)
        client.settimeout(0.5)
        client.recv(65536)
    client.close()


def stop_reading_then_reset(client):
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RD)
    time.sleep(0.1)
    abort(client)


def read_some_then_reset(client):
    client.settimeout(0.5)
    with contextlib.suppress(OSError):
        client.recv(1000)
    abort(client)


ENDS = (
    reset,
    reset_after_a_moment,
    close,
    half_close,
    stop_reading_then_reset,
    read_some_then_reset,
)


def failing_clients(how):
    """Each beginning with each end, one after the other."""
    with SERVERS[how]() as server:
        port = server.wait_until_ready()["port"]
        others = set()
        for sent in SENT.values():
            for end in ENDS:
                client = connect(server.port, receive_bytes=4096)
                client.sendall(sent)
                end(client)
            others.add(server.get("/who").status)
        wait_until(
            lambda: get_management(port, "/debug/requests").json["inFlight"] == 0,
            what="the end of every request",
        )
        metrics = get_management(port, "/metrics").body.decode()
        server.process.terminate()
        return {
            "others": others,
            "code": server.exit_code(),
            "statuses": {line["status"] for line in server.lines if line["message"] == "request"},
            "errors": [
                line
                for line in server.lines
                # Nothing listens where these servers send spans.
                if line["level"] in ("ERROR", "CRITICAL") and line["logger"] != "telemetry.tracing"
            ],
            "text": [line for line in server.text.splitlines() if line.startswith("Traceback")],
            "uncaught": [
                line
                for line in metrics.splitlines()
                if line.startswith(("service_uncaught_exceptions_total{", "telemetry_errors"))
            ],
        }


@pytest.mark.slow
@scenarios(*[(failing_clients, how) for how in SERVERS])
def test_client_decides_no_500_no_traceback_and_no_exit_code(outcome):
    statuses = outcome.pop("statuses")

    assert outcome == {"others": {200}, "code": 0, "errors": [], "text": [], "uncaught": []}
    assert statuses <= {200, 400, None}


KINDS = {"/body/json": "application/json", "/body/form": FORM_TYPE}


def aborted_bodies(how):
    """What is recorded of requests whose client left in the middle of the body."""
    paths = ("/body/json", "/body/form", "/body/data", "/body/stream", "/body/raw")
    with SERVERS[how]() as server:
        server.wait_until_ready()
        for path in paths:
            client = connect(server.port)
            client.sendall(post(path, 200, kind=KINDS.get(path, "text/plain")) + b"{")
            abort(client)
        lines = wait_until(
            lambda: (
                (found := [line for line in server.lines if line.get("path", "") in paths])
                and len(found) == len(paths)
                and found
            ),
            what="their lines",
        )
        return {(line["status"], line["outcome"]) for line in lines}


@scenarios(*[(aborted_bodies, how) for how in SERVERS])
def test_request_whose_client_left_is_recorded_as_that(outcome):
    assert {ended for _, ended in outcome} == {"client_disconnected"}
    assert {status for status, _ in outcome} <= {400, None}


def half_closed(how):
    """A client that announces its end gets its answer."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        received = []
        for sent in (GET, SLOW, post("/body/data", 2) + b"ab"):
            with connect(server.port) as client:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                received.append(read_to_end(client)[:15])
        return received


@scenarios(*[(half_closed, how) for how in SERVERS])
def test_half_closed_client_gets_its_answer(outcome):
    assert outcome == [b"HTTP/1.1 200 OK"] * 3
