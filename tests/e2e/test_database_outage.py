"""A dead database makes the service not ready, never dead, and no probe waits for it."""

import signal
import time

import gevent
import pytest
import requests

from tests.e2e.load import Load, outcomes
from tests.e2e.observing import wait_for

pytestmark = pytest.mark.e2e

OUTAGE_SECONDS = 20
INTERVAL_SECONDS = 1
PROBES = ("/api/v1/health/liveness", "/api/v1/health/readiness", "/api/v1/health")
# A route that waited would wait for server selection: seconds. On two busy cores a probe that does not wait stays far below this.
NOT_WAITING_SECONDS = 1.0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_readiness_follows_the_database_liveness_does_not_and_no_probe_waits(own_stack, serve, number):
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    service = serve(own_stack, {"HEALTH_INTERVAL_SECONDS": str(INTERVAL_SECONDS)})
    probe = {path: service.url + path for path in PROBES}
    wait_for(lambda: requests.get(probe["/api/v1/health/readiness"], timeout=5).status_code == 200, 15, "ready")

    with (
        Load(service.url, ["/api/v1/blog/posts"], clients=8),
        Load(service.url, PROBES, clients=len(PROBES), pause_seconds=0.02) as probes,
    ):
        gevent.sleep(2)
        stopped = time.monotonic()
        if number == signal.SIGKILL:
            own_stack.stop("mongodb", number)
        else:
            own_stack.send("mongodb", number)
        unready = wait_for(
            lambda: answer.json() if (answer := requests.get(probe["/api/v1/health/readiness"], timeout=5)).status_code == 503 else None,
            OUTAGE_SECONDS,
            "readiness 503",
        )
        noticed_after = time.monotonic() - stopped
        gevent.sleep(max(0.0, OUTAGE_SECONDS - noticed_after))
        report = requests.get(probe["/api/v1/health"], timeout=5)
        back = time.monotonic()
        if number == signal.SIGKILL:
            own_stack.start("mongodb")
        else:
            own_stack.send("mongodb", signal.SIGCONT)
        wait_for(lambda: requests.get(probe["/api/v1/health"], timeout=5).status_code == 200, 30, "healthy again")
        recovered = time.monotonic()
        wait_for(lambda: requests.get(f"{service.url}/api/v1/blog/posts", timeout=10).status_code == 200, 15, "posts again")

    assert noticed_after < 2 * INTERVAL_SECONDS + 1, "two intervals, and a second for two busy cores"
    assert any("database" in reason for reason in unready["reasons"])
    assert report.status_code == 503
    assert (report.json()["success"], report.json()["services"]["database"]["healthy"]) == (False, False)

    during = probes.since(stopped + 2 * INTERVAL_SECONDS + 1, back)
    by_path = {path: [answer for answer in during if answer.path == path] for path in PROBES}
    assert all(len(answers) > 50 for answers in by_path.values())
    assert {path: set(outcomes(answers)) for path, answers in by_path.items()} == {
        "/api/v1/health/liveness": {200},
        "/api/v1/health/readiness": {503},
        "/api/v1/health": {503},
    }
    assert set(outcomes([answer for answer in probes.since(0) if answer.path == "/api/v1/health/liveness"])) == {200}
    assert max(answer.seconds for answer in during) < NOT_WAITING_SECONDS
    assert recovered > back
