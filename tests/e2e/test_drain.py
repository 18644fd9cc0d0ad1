"""A stopping worker finishes the requests that it has begun, and reports those it could not."""

import signal
import time

import gevent
import pytest

from tests.e2e.load import Load, count_outcomes, send
from tests.e2e.logs import access_line, log_lines
from tests.e2e.polling import poll
from tests.e2e.traces import trace_id_of, wait_for_trace
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

IN_FLIGHT = 12
# Idle connections would prolong a drain until its timeout; without any it takes seconds.
DRAIN_TIMEOUT_SECONDS = 90
AFTER_DRAIN = "/test/after-drain/<float:seconds>"
DELAY_SECONDS = 3


def start_requests(service, path, route, count):
    """Send so many requests, and wait until all are in flight."""
    jobs = [
        gevent.spawn(send, service.url, path, None, 4 * DRAIN_TIMEOUT_SECONDS) for _ in range(count)
    ]
    poll(lambda: service.in_flight(route) == count, what=f"{count} requests in flight")
    return jobs


def stop(service, number, timeout_seconds):
    """Send a signal; returns when it was sent, the exit code, and the seconds until the exit."""
    sent = time.monotonic()
    service.process.send_signal(number)
    code = service.process.wait(timeout_seconds)
    return sent, code, time.monotonic() - sent


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR2], ids=lambda number: number.name
)
def test_signal_under_load_completes_requests_in_flight_and_exits_0(
    stack, own_stack, serve, number
):
    settings = {
        "DRAIN_TIMEOUT_SECONDS": str(DRAIN_TIMEOUT_SECONDS),
        "DRAIN_DELAY_SECONDS": str(DELAY_SECONDS),
    }
    service = serve(own_stack, settings, uses=stack)
    with Load(service.url, ["/", "/api/v1/blog/posts"], clients=8, pause_seconds=0.02) as load:
        poll(lambda: len(load.results) > 20, what="responses")
        slow = start_requests(service, "/test/after-drain/2.0", AFTER_DRAIN, IN_FLIGHT)
        sent, code, exit_seconds = stop(service, number, 2 * DRAIN_TIMEOUT_SECONDS)
    results = [job.get() for job in slow]
    assert code == 0
    assert count_outcomes(results) == {200: IN_FLIGHT}
    assert exit_seconds < DRAIN_TIMEOUT_SECONDS / 2
    # Every request before the signal and during the delay is served; later ones get a 503 with
    # Retry-After or no connection.
    assert set(count_outcomes(load.since(0, sent))) <= {200}
    late = load.since(sent)
    assert set(count_outcomes(late)) <= {200, 503, "ConnectionError"}
    assert all(result.retry_after for result in late if result.status == 503)
    for result in results:
        (span,) = wait_for_trace(stack.url("tempo"), trace_id_of(result.request_id))
        assert (span.attributes["http.response.status_code"], span.attributes["http.route"]) == (
            200,
            AFTER_DRAIN,
        )


def test_request_past_the_timeout_is_cut_and_reported_and_the_exit_code_is_1(
    stack, own_stack, serve
):
    service = serve(
        own_stack, {"DRAIN_TIMEOUT_SECONDS": "3", "DRAIN_DELAY_SECONDS": "0.5"}, uses=stack
    )
    (overdue,) = start_requests(service, "/test/sleep/600.0", "/test/sleep/<float:seconds>", 1)
    _, code, exit_seconds = stop(service, signal.SIGTERM, TIMEOUT_SECONDS)
    assert overdue.get().status != 200
    assert code == 1
    assert exit_seconds >= 3
    (cut,) = [
        line for line in log_lines(service.log, logger="telemetry.lifecycle") if "stack" in line
    ]
    assert (cut["level"], cut["path"], cut["method"]) == ("ERROR", "/test/sleep/600.0", "GET")
    assert "in sleep\n    gevent.sleep(seconds)" in "".join(cut["stack"])
    assert access_line(service.log, cut["request_id"])["outcome"] == "killed"
    (span,) = wait_for_trace(stack.url("tempo"), cut["trace_id"])
    assert span.attributes["error.type"] == "killed"
