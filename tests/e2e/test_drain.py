"""A worker that is told to stop finishes what it has begun, and says what it could not."""

import signal
import time
import uuid

import gevent
import pytest

from tests.e2e.load import Load, ask, outcomes
from tests.e2e.observing import log_lines, trace, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

IN_FLIGHT = 12
# Idle connections would hold a drain until its time-out; without any it takes seconds.
TIMEOUT_SECONDS = 90
AFTER_DRAIN = "/test/after-drain/<float:seconds>"
DELAY_SECONDS = 3


def ask_all(service, path, route, count):
    """Ask, and wait until all of that is in flight."""
    jobs = [gevent.spawn(ask, service.url, path, None, 4 * TIMEOUT_SECONDS) for _ in range(count)]
    wait_for(
        lambda: service.in_flight(route) == count, PATIENCE_SECONDS, f"{count} requests in flight"
    )
    return jobs


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR2], ids=lambda number: number.name
)
def test_signal_under_load_completes_what_is_in_flight_and_exits_0(stack, own_stack, serve, number):
    service = serve(
        own_stack,
        {"DRAIN_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS), "DRAIN_DELAY_SECONDS": str(DELAY_SECONDS)},
        uses=stack,
    )
    with Load(service.url, ["/", "/api/v1/blog/posts"], clients=8, pause_seconds=0.02) as load:
        wait_for(lambda: len(load.answers) > 20, PATIENCE_SECONDS, "answers")
        slow = ask_all(service, "/test/after-drain/2.0", AFTER_DRAIN, IN_FLIGHT)
        told = time.monotonic()
        service.process.send_signal(number)
        code = service.process.wait(2 * TIMEOUT_SECONDS)
        gone_after = time.monotonic() - told
    answers = [job.get() for job in slow]
    assert code == 0
    assert outcomes(answers) == {200: IN_FLIGHT}
    assert gone_after < TIMEOUT_SECONDS / 2
    # Before the signal and during the delay everything is answered; later ones get a 503 with
    # Retry-After or no connection.
    assert set(outcomes(load.since(0, told))) <= {200}
    late = load.since(told)
    assert set(outcomes(late)) <= {200, 503, "ConnectionError"}
    assert all(answer.retry_after for answer in late if answer.status == 503)
    for answer in answers:
        (span,) = trace(stack.url("tempo"), uuid.UUID(answer.request_id).hex)
        assert (span.attributes["http.response.status_code"], span.attributes["http.route"]) == (
            200,
            AFTER_DRAIN,
        )


def test_request_past_the_limit_is_cut_named_and_makes_the_exit_code_1(stack, own_stack, serve):
    service = serve(
        own_stack, {"DRAIN_TIMEOUT_SECONDS": "3", "DRAIN_DELAY_SECONDS": "0.5"}, uses=stack
    )
    (overdue,) = ask_all(service, "/test/sleep/600.0", "/test/sleep/<float:seconds>", 1)
    told = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    code = service.process.wait(PATIENCE_SECONDS)
    gone_after = time.monotonic() - told
    assert overdue.get().status != 200
    assert code == 1
    assert gone_after >= 3
    (cut,) = [
        line for line in log_lines(service.log, logger="telemetry.lifecycle") if "stack" in line
    ]
    assert (cut["level"], cut["path"], cut["method"]) == ("ERROR", "/test/sleep/600.0", "GET")
    assert "in sleep\n    gevent.sleep(seconds)" in "".join(cut["stack"])
    (line,) = log_lines(service.log, logger="access", request_id=cut["request_id"])
    assert line["outcome"] == "killed"
    (span,) = trace(stack.url("tempo"), cut["trace_id"])
    assert span.attributes["error.type"] == "killed"
