"""A dead database makes the service not ready, never dead, and no probe waits for it."""

import signal
import time
from dataclasses import dataclass
from typing import Any

import gevent
import pytest
import requests

from tests.e2e.load import Load, count_outcomes
from tests.e2e.polling import poll

pytestmark = pytest.mark.e2e

OUTAGE_SECONDS = 20
INTERVAL_SECONDS = 1
HEALTH = "/api/v1/health"
LIVENESS, READINESS = f"{HEALTH}/liveness", f"{HEALTH}/readiness"
PROBES = (LIVENESS, READINESS, HEALTH)
# A probe that queried the database would wait for one of these timeouts: much longer than a busy
# machine delays it.
DATABASE_SECONDS = 30
BOUNDED = ("SERVER_SELECTION", "CONNECT", "SOCKET", "WAIT_QUEUE")
TIMEOUTS = {f"MONGODB_{name}_TIMEOUT_SECONDS": str(DATABASE_SECONDS) for name in BOUNDED}
NOT_WAITING_SECONDS = 10.0
# Without the time in which a route that needs no database did not respond either.
NOTICED_SECONDS = 2 * INTERVAL_SECONDS + 1


@dataclass(frozen=True)
class Outage:
    """One outage as the test's clients saw it; moments are readings of ``time.monotonic``.

    Args:
        stopped: When the database was stopped.
        noticed_seconds: From then until readiness was 503.
        back: When the database was started again.
        recovered: When the health report was 200 again.
        readiness: Body of the first 503.
        report: The health report's response during the outage.
    """

    stopped: float
    noticed_seconds: float
    back: float
    recovered: float
    readiness: dict[str, Any]
    report: requests.Response


def stop_database(stack, number):
    """Kill or freeze it."""
    if number == signal.SIGKILL:
        stack.stop("mongodb", number)
    else:
        stack.send("mongodb", number)


def bring_database_back(stack, number):
    """Start or thaw it."""
    if number == signal.SIGKILL:
        stack.start("mongodb")
    else:
        stack.send("mongodb", signal.SIGCONT)


def get(service, path):
    return requests.get(service.url + path, timeout=60)


def wait_until_status_200(service, path):
    poll(lambda: get(service, path).status_code == 200, what=f"status 200 of {path}")


def body_of_503(service):
    """The body of readiness when its status is 503."""
    response = get(service, READINESS)
    return response.json() if response.status_code == 503 else None


def run_outage(stack, service, number):
    """Stop the database for ``OUTAGE_SECONDS``, and wait until posts are served again."""
    stopped = time.monotonic()
    stop_database(stack, number)
    readiness = poll(lambda: body_of_503(service), what="readiness 503")
    noticed_seconds = time.monotonic() - stopped
    gevent.sleep(max(0.0, OUTAGE_SECONDS - noticed_seconds))
    report = get(service, HEALTH)
    back = time.monotonic()
    bring_database_back(stack, number)
    wait_until_status_200(service, HEALTH)
    recovered = time.monotonic()
    wait_until_status_200(service, "/api/v1/blog/posts")
    return Outage(stopped, noticed_seconds, back, recovered, readiness, report)


def statuses_by_probe(results, least):
    """The statuses of each probe, which was sent at least so many times."""
    by_path = {path: [result for result in results if result.path == path] for path in PROBES}
    assert min(map(len, by_path.values())) >= least
    return {path: set(count_outcomes(of_path)) for path, of_path in by_path.items()}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_readiness_follows_the_database_liveness_does_not_and_no_probe_waits(
    own_stack, serve, number
):
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    service = serve(own_stack, {"HEALTH_INTERVAL_SECONDS": str(INTERVAL_SECONDS), **TIMEOUTS})
    wait_until_status_200(service, READINESS)

    with (
        Load(service.url, ["/api/v1/blog/posts"], clients=8, timeout_seconds=3 * DATABASE_SECONDS),
        Load(service.url, ["/"], clients=1, pause_seconds=0.02) as control,
        Load(service.url, PROBES, clients=len(PROBES), pause_seconds=0.02) as probes,
    ):
        gevent.sleep(2)
        outage = run_outage(own_stack, service, number)

    noticed = outage.stopped + outage.noticed_seconds
    busy_seconds = sum(result.seconds for result in control.since(outage.stopped, noticed))
    assert outage.noticed_seconds - busy_seconds < NOTICED_SECONDS
    assert any("database" in reason for reason in outage.readiness["reasons"])
    report = outage.report.json()
    assert outage.report.status_code == 503
    assert (report["success"], report["services"]["database"]["healthy"]) == (False, False)
    during = probes.since(noticed, outage.back - INTERVAL_SECONDS)
    assert statuses_by_probe(during, least=6) == {LIVENESS: {200}, READINESS: {503}, HEALTH: {503}}
    assert set(
        count_outcomes([result for result in probes.since(0) if result.path == LIVENESS])
    ) == {200}
    assert (
        max(result.seconds for result in probes.since(outage.stopped, outage.back))
        < NOT_WAITING_SECONDS
    )
    assert outage.recovered > outage.back
