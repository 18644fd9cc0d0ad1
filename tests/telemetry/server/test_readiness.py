"""Readiness on the management port while a process drains, and over a reload."""

import threading
from concurrent.futures import ThreadPoolExecutor
from signal import SIGHUP, SIGTERM

import pytest

from tests.support.polling import wait_until
from tests.support.processes import SERVERS, get_management, gunicorn
from tests.support.scenarios import scenarios
from tests.telemetry.server.raw_exchanges import RawConnection

pytestmark = pytest.mark.e2e


def lifecycle_samples(port):
    """Read the samples of the life cycle that are not 0, by name and state."""
    lines = get_management(port, "/metrics").body.decode().splitlines()
    samples = dict(
        line.rsplit(" ", 1) for line in lines if line.startswith(("service_state", "service_drain"))
    )
    return {name: float(value) for name, value in samples.items() if float(value)}


def announced(how):
    """Between the signal and the end of the delay."""
    with ThreadPoolExecutor(1) as clients, SERVERS[how](DRAIN_DELAY_SECONDS=5) as server:
        port = server.wait_until_ready()["port"]
        before = get_management(port, "/health/readiness").status, lifecycle_samples(port)
        slow = clients.submit(server.get, "/slow?after=draining&seconds=6")
        wait_until(
            lambda: b"/slow" in get_management(port, "/debug/requests").body, what="the request"
        )
        server.signal(SIGTERM)
        server.wait_for_log("draining")
        readiness, liveness = (
            get_management(port, "/health/readiness"),
            get_management(port, "/health/liveness"),
        )
        answer = server.get("/who")
        wait_until(
            lambda: "service_drain_in_flight" in lifecycle_samples(port), what="the drain's gauge"
        )
        during = {**lifecycle_samples(port), "service_drain_seconds": ...}
        return {
            "before": before,
            "readiness": (readiness.status, readiness.json["state"], readiness.json["reasons"]),
            "liveness": liveness.status,
            "during": during,
            "answer": (answer.status, answer.headers["Connection"], answer.json["state"]),
            "slow": (slow.result().status, slow.result().headers["Connection"]),
            "code": server.exit_code(),
        }


def promised(how):
    """A request behind a response whose head was sent before the drain began."""
    with SERVERS[how](DRAIN_DELAY_SECONDS=5) as server:
        server.wait_until_ready()
        with RawConnection(server.port) as connection:
            connection.send(b"GET /stream?seconds=2 HTTP/1.1\r\nHost: a\r\n\r\n")
            head = connection.response(head_only=True)
            server.signal(SIGTERM)
            server.wait_for_log("draining")
            body = connection.chunks()
            answer = connection.send(b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n").response()
            rest = connection.rest()
        return {
            "head": (head.status, head.headers.get("Connection") == "close"),
            "body": body,
            "answer": answer and (answer.status, answer.headers["Connection"]),
            "rest": rest,
            "code": server.exit_code(),
        }


@scenarios(*[(promised, how) for how in SERVERS])
def test_response_that_has_promised_to_keep_its_connection_is_followed_by_one_more(outcome):
    assert outcome == {
        "head": (200, False),
        "body": b"." * 10,
        "answer": (200, "close"),
        "rest": b"",
        "code": 0,
    }


@scenarios(*[(announced, how) for how in SERVERS])
def test_drain_is_announced_while_requests_are_still_served(outcome):
    assert outcome == {
        "before": (200, {'service_state{state="ready"}': 1.0}),
        "readiness": (503, "draining", ["server: draining (SIGTERM)"]),
        "liveness": 200,
        "during": {
            'service_state{state="draining"}': 1.0,
            "service_drain_in_flight": 1.0,
            "service_drain_seconds": ...,
        },
        "answer": (200, "close", "draining"),
        "slow": (200, "close"),
        "code": 0,
    }


def probed():
    """A probe that never pauses, over a reload."""
    with ThreadPoolExecutor(1) as clients, gunicorn(DRAIN_DELAY_SECONDS=1) as server:
        first = server.wait_until_ready()
        over, statuses = threading.Event(), [0]

        def probe():
            while not over.wait(0.02):
                statuses.append(get_management(first["port"], "/health/readiness").status)

        probing = clients.submit(probe)
        wait_until(lambda: statuses[-1] == 200, what="a ready worker")
        server.signal(SIGHUP)
        server.wait_for_worker_exit(first["pid"])
        second = server.wait_until_ready()
        wait_until(lambda: statuses[-1] == 200, what="a ready successor")
        over.set()
        probing.result()
        server.signal(SIGTERM)
        return first["port"] == second["port"], set(statuses[1:]), statuses[-1], server.exit_code()


@scenarios((probed,))
def test_no_probe_is_refused_over_a_reload(outcome):
    same_port, statuses, last, code = outcome

    assert (same_port, last, code) == (True, 200, 0)
    assert statuses <= {200, 503}
