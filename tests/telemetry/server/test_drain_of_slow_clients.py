"""A drain is over at its bound whatever its clients do, and none of them decides the exit code."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from signal import SIGTERM

import pytest

from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.processes import ROOT, SERVERS, get_management
from tests.support.scenarios import scenarios
from tests.telemetry.server.slow_clients import FORM, connect, post, read_to_end

pytestmark = pytest.mark.e2e

LARGE = b"GET /bytes?size=67108864%b HTTP/1.1\r\nHost: x\r\n\r\n"
FORM_TYPE = "multipart/form-data; boundary=x"
CHUNKED = "Transfer-Encoding: chunked"
UPGRADE = (
    b"GET /take-over%b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)

# What a client has sent when the signal comes, whether a request is in flight then, and the status
# that it gets.
CLIENTS = {
    "body that stalls": (post("/body/json", 200, kind="application/json") + b"{", True, 408),
    "form that stalls": (post("/body/form", 900, kind=FORM_TYPE) + FORM, True, 408),
    "stream that stalls": (post("/body/stream", 1_000_000) + bytes(1000), True, 408),
    "raw body that stalls": (post("/body/raw", 200) + b"a", True, 408),
    "chunk that stalls": (post("/body/data", CHUNKED) + b"5\r\nab", True, 408),
    "body that is swallowed": (post("/body/swallow", 200), True, 408),
    "body read late": (post("/body/late", 200), True, 408),
    "reader that stalls": (LARGE % b"", True, 200),
    "reader of a stream that stalls": (LARGE % b"&pieces=1", True, 200),
    "head that stalls": (b"GET /who HTTP/1.1\r\nHost:", False, None),
    "nothing": (b"", False, None),
}
UPGRADED = {
    "open connection of another protocol": (UPGRADE % b"", True, 101),
    "one whose app does not notice the end": (UPGRADE % b"?deaf=1", True, 101),
}
BOUNDS = {"DRAIN_TIMEOUT_SECONDS": 2, "DRAIN_DELAY_SECONDS": 0, "CLIENT_STALL_SECONDS": 300}


def stopped(how, *names):
    """SIGTERM while these clients are connected."""
    rows = [(CLIENTS | UPGRADED)[name] for name in names]
    with SERVERS[how](**BOUNDS) as server, ExitStack() as stack:
        port = server.wait_until_ready()["port"]
        clients = [stack.enter_context(connect(server.port, receive_bytes=4096)) for _ in rows]
        for client, (sent, _, _) in zip(clients, rows, strict=True):
            client.sendall(sent)
        wait_until(
            lambda: (
                get_management(port, "/debug/requests").json["inFlight"]
                == sum(in_flight for _, in_flight, _ in rows)
            ),
            what="their requests",
        )
        time.sleep(0.3)  # until those that send wait for their readers
        server.signal(SIGTERM)
        code = server.exit_code()
        statuses = [(read_to_end(client)[9:12] or b"0").decode() for client in clients]
        (stopped_line,) = server.logged("stopped")
        return {
            "code": code,
            "statuses": dict(zip(names, map(int, statuses), strict=True)),
            "seconds": stopped_line["drain_seconds"],
            "cut": len(server.logged("request cut by the drain")),
            "ended": len(server.logged("request of a slow client ended by the drain")),
            "reasons": {line["reason"] for line in server.logged("client too slow")},
            "text": [line for line in server.text.splitlines() if not line.startswith("{")],
        }


@scenarios(*[(stopped, how, *CLIENTS) for how in SERVERS])
def test_slow_clients_neither_hold_a_drain_nor_decide_its_exit_code(outcome):
    seconds = outcome.pop("seconds")
    assert outcome == {
        "code": 0,
        "statuses": {name: status or 0 for name, (_, _, status) in CLIENTS.items()},
        "cut": 0,
        "ended": sum(in_flight for _, in_flight, _ in CLIENTS.values()),
        "reasons": {"drain"},
        "text": [],
    }
    assert seconds < 60


@scenarios((stopped, "gunicorn", "open connection of another protocol"))
def test_connection_of_another_protocol_ends_with_the_drain(outcome):
    outcome.pop("seconds")
    assert outcome == {
        "code": 0,
        "statuses": {"open connection of another protocol": 101},
        "cut": 0,
        "ended": 0,
        "reasons": set(),
        "text": [],
    }


@scenarios((stopped, "gunicorn", "one whose app does not notice the end"))
def test_connection_of_another_protocol_is_cut_without_an_exit_code(outcome):
    outcome.pop("seconds")
    assert outcome == {
        "code": 0,
        "statuses": {"one whose app does not notice the end": 101},
        "cut": 0,
        "ended": 1,
        "reasons": {"drain"},
        "text": [],
    }


def working(how):
    """A request that has read its body and works, beside one that waits for its client."""
    with ThreadPoolExecutor(1) as threads, SERVERS[how](**BOUNDS) as server:
        port = server.wait_until_ready()["port"]
        with connect(server.port) as slow, connect(server.port) as works:
            slow.sendall(post("/body/data", 200))
            works.sendall(post("/body/slow-work?seconds=600", 2) + b"ab")
            server.wait_until_serving(1, "/body/data", "/body/slow-work", ports=[port])
            answers = [threads.submit(read_to_end, client) for client in (slow, works)]
            server.signal(SIGTERM)
            code = server.exit_code()
            return (
                code,
                [future.result()[9:12] for future in answers],
                [line["path"] for line in server.logged("request cut by the drain")],
            )


@scenarios(*[(working, how) for how in SERVERS])
def test_request_that_is_cut_while_the_app_works_still_makes_it_1(outcome):
    assert outcome == (1, [b"408", b"500"], ["/body/slow-work"])


def gives_up_within(how):
    """A body that stalls, with bounds below those of the drain."""
    with SERVERS[how](
        DRAIN_TIMEOUT_SECONDS=300, DRAIN_DELAY_SECONDS=0, CLIENT_STALL_SECONDS=0.5
    ) as server:
        port = server.wait_until_ready()["port"]
        with connect(server.port) as client:
            client.sendall(post("/body/data", 200))
            server.wait_until_serving(1, "/body/data", ports=[port])
            server.signal(SIGTERM)
            status = read_to_end(client)[9:12]
        return status, server.exit_code(), server.logged("stopped")[0]["drain_seconds"] < 200


@scenarios(*[(gives_up_within, how) for how in SERVERS])
def test_drain_lasts_no_longer_than_the_bounds_of_its_clients(outcome):
    assert outcome == (b"408", 0, True)


def health_check(**environ):
    """Run the image's health check; returns its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "service.liveness_probe"],
        cwd=ROOT,
        env={**os.environ, **{name: str(value) for name, value in environ.items()}},
        timeout=PATIENCE_SECONDS,
        check=False,
    ).returncode


def checked_while_draining(how):
    """The image's health check while a request of some seconds holds the drain."""
    with ThreadPoolExecutor(1) as threads, SERVERS[how](DRAIN_DELAY_SECONDS=0) as server:
        port = server.wait_until_ready()["port"]
        settings = {"TELEMETRY_MANAGEMENT_PORT": port, "WEB_CONCURRENCY": 1}
        codes = [health_check(**settings)]
        slow = threads.submit(server.get, "/slow?after=draining&seconds=4")
        server.wait_until_serving(1, "/slow")
        server.signal(SIGTERM)
        wait_until(lambda: server.get("/who").status == "refused", what="the end of accepting")
        codes.append(health_check(**settings))
        return codes, slow.result().status, server.exit_code(), health_check(**settings)


@scenarios(*[(checked_while_draining, how) for how in SERVERS])
def test_health_check_of_the_image_holds_during_a_drain(outcome):
    assert outcome == ([0, 0], 200, 0, 1)
