"""A dead database makes the service not ready, never dead, and no probe waits for it."""

import signal
import time

import gevent
import pytest
import requests

from tests.e2e.load import Load, outcomes
from tests.e2e.observing import wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

OUTAGE_SECONDS = 20
INTERVAL_SECONDS = 1
PROBES = ("/api/v1/health/liveness", "/api/v1/health/readiness", "/api/v1/health")
# A probe that asked the database would wait for one of these each time: much longer than the
# machine, however busy, delays one.
DATABASE_SECONDS = 30
BOUNDED = ("SERVER_SELECTION", "CONNECT", "SOCKET", "WAIT_QUEUE")
TIMEOUTS = {f"MONGODB_{name}_TIMEOUT_SECONDS": str(DATABASE_SECONDS) for name in BOUNDED}
NOT_WAITING_SECONDS = 10.0
# Counted without the time in which a route that needs no database was not answered either.
NOTICED_SECONDS = 2 * INTERVAL_SECONDS + 1


def told(answers, least):
    """What each probe was told, each so often at least."""
    by_path = {path: [answer for answer in answers if answer.path == path] for path in PROBES}
    assert min(map(len, by_path.values())) >= least
    return {path: set(outcomes(of_path)) for path, of_path in by_path.items()}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_readiness_follows_the_database_liveness_does_not_and_no_probe_waits(
    own_stack, serve, number
):
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    service = serve(own_stack, {"HEALTH_INTERVAL_SECONDS": str(INTERVAL_SECONDS), **TIMEOUTS})
    probe = {path: service.url + path for path in PROBES}
    wait_for(
        lambda: requests.get(probe["/api/v1/health/readiness"], timeout=60).status_code == 200,
        PATIENCE_SECONDS,
        "ready",
    )

    with (
        Load(service.url, ["/api/v1/blog/posts"], clients=8, timeout_seconds=3 * DATABASE_SECONDS),
        Load(service.url, ["/"], clients=1, pause_seconds=0.02) as control,
        Load(service.url, PROBES, clients=len(PROBES), pause_seconds=0.02) as probes,
    ):
        gevent.sleep(2)
        stopped = time.monotonic()
        if number == signal.SIGKILL:
            own_stack.stop("mongodb", number)
        else:
            own_stack.send("mongodb", number)
        unready = wait_for(
            lambda: (
                answer.json()
                if (
                    answer := requests.get(probe["/api/v1/health/readiness"], timeout=60)
                ).status_code
                == 503
                else None
            ),
            PATIENCE_SECONDS,
            "readiness 503",
        )
        noticed_after = time.monotonic() - stopped
        gevent.sleep(max(0.0, OUTAGE_SECONDS - noticed_after))
        report = requests.get(probe["/api/v1/health"], timeout=60)
        back = time.monotonic()
        if number == signal.SIGKILL:
            own_stack.start("mongodb")
        else:
            own_stack.send("mongodb", signal.SIGCONT)
        wait_for(
            lambda: requests.get(probe["/api/v1/health"], timeout=60).status_code == 200,
            PATIENCE_SECONDS,
            "healthy again",
        )
        recovered = time.monotonic()
        wait_for(
            lambda: requests.get(f"{service.url}/api/v1/blog/posts", timeout=60).status_code == 200,
            PATIENCE_SECONDS,
            "posts again",
        )

    busy_seconds = sum(answer.seconds for answer in control.since(stopped, stopped + noticed_after))
    assert noticed_after - busy_seconds < NOTICED_SECONDS
    assert any("database" in reason for reason in unready["reasons"])
    assert report.status_code == 503
    assert (report.json()["success"], report.json()["services"]["database"]["healthy"]) == (
        False,
        False,
    )

    during = probes.since(stopped + noticed_after, back - INTERVAL_SECONDS)
    assert told(during, least=6) == {
        "/api/v1/health/liveness": {200},
        "/api/v1/health/readiness": {503},
        "/api/v1/health": {503},
    }
    assert set(
        outcomes([answer for answer in probes.since(0) if answer.path == "/api/v1/health/liveness"])
    ) == {200}
    assert max(answer.seconds for answer in probes.since(stopped, back)) < NOT_WAITING_SECONDS
    assert recovered > back
