"""Real processes are stopped while they serve.

What is in flight completes, what is overdue is logged, and no request is lost.
"""

import contextlib
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from signal import SIGINT, SIGTERM, SIGUSR2

import pytest

from telemetry.server.connections import FRESH_LINGER_SECONDS
from tests.support.polling import wait_until
from tests.support.processes import get_on
from tests.support.scenarios import scenarios
from tests.telemetry.server.targets import exit_code_of, send_signal, started

pytestmark = pytest.mark.e2e

SLOW, HAMMERS = 8, 3


def hammer(server, responses, over):
    """Send a request as soon as the one before is answered, on a kept connection while allowed."""
    connection = server.connection()
    with contextlib.closing(connection):
        while not over.is_set() and (not responses or responses[-1].status in (200, 503)):
            responses.append(get_on(connection, "/who"))
            time.sleep(0.02)
            if responses[-1].status != 200 or responses[-1].headers.get("Connection") == "close":
                connection.close()


@contextlib.contextmanager
def kept_connections(server):
    """Three connections that idle after a request, and one that never sent any."""
    idle = [server.connection() for _ in range(3)]
    assert [get_on(connection, "/who").status for connection in idle] == [200] * 3
    silent = socket.create_connection(("127.0.0.1", server.port))
    yield
    for connection in (*idle, silent):
        connection.close()


def under_load(target, number):
    """Slow requests, a stream, clients that hammer and kept connections when the signal comes."""
    with (
        ThreadPoolExecutor(SLOW + HAMMERS + 1) as clients,
        started(target, DRAIN_TIMEOUT_SECONDS=90) as server,
    ):
        who = server.wait_until_ready()
        with kept_connections(server):
            slow = [
                clients.submit(server.get, "/slow?after=draining&seconds=1") for _ in range(SLOW)
            ]
            stream = clients.submit(server.get, "/stream?after=draining&seconds=1")
            over, hammered = threading.Event(), [[] for _ in range(HAMMERS)]
            hammers = [clients.submit(hammer, server, responses, over) for responses in hammered]
            server.wait_until_serving(SLOW, "/slow", ports=[who["port"]])
            server.wait_until_serving(1, "/stream", ports=[who["port"]])
            wait_until(lambda: all(hammered), what="a response to each client that hammers")
            signalled_at = time.monotonic()
            pid = send_signal(target, server, number)
            completed = [future.result() for future in (*slow, stream)]
            over.set()
            for future in hammers:
                future.result()
            code = exit_code_of(target, server, pid)
        every = [response for responses in hammered for response in responses]
        return {
            "slow": Counter((response.status, response.body) for response in completed),
            "signalled before they ended": all(each.at > signalled_at for each in completed),
            "hammered before": {each.status for each in every if each.at < signalled_at},
            "hammered after": {
                (each.status, each.headers.get("Retry-After"))
                for each in every
                if each.at > signalled_at
            },
            "code": code,
            "stopped": [line["exit_code"] for line in server.logged("stopped")],
            "seconds": server.logged("stopped")[0]["drain_seconds"],
            "reason": server.logged("draining")[0]["message"],
        }


@scenarios(
    *[
        (under_load, target, number)
        for target in ("worker", "arbiter", "standalone")
        for number in (SIGTERM, SIGINT, SIGUSR2)
    ]
)
def test_everything_in_flight_completes(outcome):
    after = outcome.pop("hammered after")
    seconds = outcome.pop("seconds")
    reason = outcome.pop("reason")

    assert outcome == {
        "slow": {(200, b"done"): SLOW, (200, b"." * 10): 1},
        "signalled before they ended": True,
        "hammered before": {200},
        "code": 0,
        "stopped": [0] * len(outcome["stopped"]),
    }
    assert after <= {(200, None), (503, "1"), ("refused", None), ("reset", None)}
    assert reason in ("draining: SIGTERM", "draining: SIGINT", "draining: SIGUSR2")
    assert seconds < 45, "idle connections must not hold the drain until its time-out"


def over_time(target):
    """Two requests of ten minutes, a drain that waits half a second."""
    with ThreadPoolExecutor(2) as clients, started(target, DRAIN_TIMEOUT_SECONDS=0.5) as server:
        server.wait_until_ready()
        cut = [
            clients.submit(server.get, path)
            for path in ("/slow?seconds=600", "/stream?seconds=600")
        ]
        server.wait_until_serving(1, "/slow", "/stream")
        server.signal(SIGTERM)
        responses = [future.result() for future in cut]
        code = server.exit_code()
        lines = sorted(server.logged("request cut by the drain"), key=lambda line: line["path"])
        return code, responses, lines, server.logged("stopped")


@scenarios((over_time, "arbiter"), (over_time, "standalone"))
def test_overdue_requests_are_cut_and_logged_with_their_stacks(outcome):
    code, responses, lines, stopped = outcome

    assert code == 1
    assert [response.status for response in responses] == [500, "cut"]
    assert responses[1].body == b".", "nothing may follow what the stream had sent"
    assert [
        (line["level"], line["method"], line["path"], 0.5 < line["age_seconds"] < 300)
        for line in lines
    ] == [
        ("ERROR", "GET", "/slow", True),
        ("ERROR", "GET", "/stream", True),
    ]
    assert all(
        line["message"]
        == f"request cut by the drain: GET {line['path']} after {line['age_seconds']:.3f} s"
        for line in lines
    )
    assert [
        "gevent.sleep(float(request.args" in lines[0]["stack"],
        "gevent.sleep(pause)" in lines[1]["stack"],
    ] == [True, True]
    assert all(line["request_id"].replace("-", "") == line["trace_id"] for line in lines)
    assert [line["exit_code"] for line in stopped] == [1]


def greenlet_killed(target):
    """The greenlet of a request is killed from outside of it."""
    with started(target) as server:
        server.wait_until_ready()
        return server.get("/kill").status, server.get("/who").status


@scenarios((greenlet_killed, "arbiter"), (greenlet_killed, "standalone"))
def test_killed_request_still_gets_a_response(outcome):
    assert outcome == (500, 200)


def first_rejection(connections):
    """Send requests on all connections in turn, until one is rejected.

    A connection whose last request was served while the server drained is closed by it.
    """
    connections = list(connections)
    while connections:
        for connection in list(connections):
            response = get_on(connection, "/who")
            if response.status == 503:
                return response
            if response.headers.get("Connection") == "close":
                connections.remove(connection)
    raise AssertionError("every request was served")


def late(target):
    """Connections from before the signal: most are in use, one has been silent for a while."""
    with ThreadPoolExecutor(2) as clients, started(target, DRAIN_DELAY_SECONDS=0) as server:
        server.wait_until_ready()
        with (
            contextlib.ExitStack() as stack,
            socket.create_connection(("127.0.0.1", server.port)) as silent,
        ):
            # No client has just connected: what these send is served for a second.
            time.sleep(FRESH_LINGER_SECONDS)
            slow = clients.submit(server.get, "/slow?after=draining&seconds=5")
            server.wait_until_serving(1, "/slow")
            late_clients = [
                stack.enter_context(contextlib.closing(server.connection())) for _ in range(10)
            ]
            rejection = clients.submit(first_rejection, late_clients)
            time.sleep(FRESH_LINGER_SECONDS)
            server.signal(SIGTERM)
            response = rejection.result()
            silent_end = silent.recv(10)
        return (
            response.status,
            response.headers["Retry-After"],
            response.headers["Connection"],
            response.json,
            silent_end,
            slow.result().status,
        )


def just_connected(target):
    """Clients that connected before the signal, and send their first request after it."""
    with ThreadPoolExecutor(1) as clients, started(target, DRAIN_DELAY_SECONDS=0) as server:
        server.wait_until_ready()
        slow = clients.submit(server.get, "/slow?after=draining&seconds=2")
        server.wait_until_serving(1, "/slow")
        with contextlib.ExitStack() as stack:
            fresh = [
                stack.enter_context(contextlib.closing(server.connection())) for _ in range(10)
            ]
            for connection in fresh:
                connection.connect()
            server.signal(SIGTERM)
            server.wait_for_log("draining")
            responses = [get_on(connection, "/who") for connection in fresh]
        return (
            [(response.status, response.headers.get("Connection")) for response in responses],
            slow.result().status,
        )


@scenarios((just_connected, "arbiter"), (just_connected, "standalone"))
def test_first_request_of_a_client_that_has_just_connected_is_served(outcome):
    assert outcome == ([(200, "close")] * 10, 200)


@scenarios((late, "arbiter"), (late, "standalone"))
def test_late_request_is_rejected_with_a_problem(outcome):
    *_, body, _, _ = outcome

    assert outcome == (503, "1", "close", body, b"", 200)
    assert body == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "This server is shutting down; send the request again.",
        "request_id": body["request_id"],
    }
