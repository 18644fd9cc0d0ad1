"""What the management port says while a process drains, and over a reload."""

import threading
from concurrent.futures import ThreadPoolExecutor
from signal import SIGHUP, SIGTERM

import pytest

from tests.telemetry.server.conftest import scenarios
from tests.telemetry.server.processes import alone, gunicorn, management, until

pytestmark = pytest.mark.e2e

SERVERS = {"gunicorn": gunicorn, "alone": alone}


def shown(port):
    """The samples that are about the life cycle and not 0, by name and state."""
    lines = management(port, "/metrics").body.decode().splitlines()
    samples = dict(
        line.rsplit(" ", 1) for line in lines if line.startswith(("service_state", "service_drain"))
    )
    return {name: float(value) for name, value in samples.items() if float(value)}


def announced(how):
    """Between the signal and the end of the delay."""
    with ThreadPoolExecutor(1) as clients, SERVERS[how](DRAIN_DELAY_SECONDS=5) as server:
        port = server.ready()["port"]
        before = management(port, "/health/readiness").status, shown(port)
        slow = clients.submit(server.get, "/slow?after=draining&seconds=6")
        until(lambda: b"/slow" in management(port, "/debug/requests").body, "the request")
        server.signal(SIGTERM)
        until(lambda: server.said("draining"), "the drain")
        readiness, liveness = (
            management(port, "/health/readiness"),
            management(port, "/health/liveness"),
        )
        answer = server.get("/who")
        until(lambda: "service_drain_in_flight" in shown(port), "the look of the drain")
        during = {**shown(port), "service_drain_seconds": ...}
        return {
            "before": before,
            "readiness": (readiness.status, readiness.json["state"], readiness.json["reasons"]),
            "liveness": liveness.status,
            "during": during,
            "answer": (answer.status, answer.headers["Connection"], answer.json["state"]),
            "slow": (slow.result().status, slow.result().headers["Connection"]),
            "code": server.exit_code(),
        }


@scenarios(*[(announced, how) for how in SERVERS])
def test_a_drain_is_announced_while_it_still_serves(outcome):
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
        first = server.ready()
        over, statuses = threading.Event(), [0]

        def probe():
            while not over.wait(0.02):
                statuses.append(management(first["port"], "/health/readiness").status)

        probing = clients.submit(probe)
        until(lambda: statuses[-1] == 200, "a ready worker")
        server.signal(SIGHUP)
        until(lambda: first["pid"] not in server.workers, "the end of the old worker")
        second = server.ready()
        until(lambda: statuses[-1] == 200, "a ready successor")
        over.set()
        probing.result()
        server.signal(SIGTERM)
        return first["port"] == second["port"], set(statuses[1:]), statuses[-1], server.exit_code()


@scenarios((probed,))
def test_no_probe_is_refused_over_a_reload(outcome):
    same_port, statuses, last, code = outcome

    assert (same_port, last, code) == (True, 200, 0)
    assert statuses <= {200, 503}
