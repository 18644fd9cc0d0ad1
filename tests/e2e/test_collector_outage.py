"""A dead or hung Collector changes no response and delays no exit; lost spans are counted."""

import signal
import time

import gevent
import pytest

from tests.e2e.load import Load, count_outcomes
from tests.e2e.polling import poll
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

QUEUE_SPANS = 200
# Timeout of one export: a request or an exit that waited for one would take that long, which the
# machine alone never does.
EXPORT_SECONDS = 40
NOT_WAITING_SECONDS = 15.0
EXIT_SECONDS = 15.0
SETTINGS = {
    "TELEMETRY_QUEUE_SPANS": str(QUEUE_SPANS),
    "TELEMETRY_EXPORT_TIMEOUT_SECONDS": str(EXPORT_SECONDS),
    "DRAIN_DELAY_SECONDS": "0",
}


@pytest.fixture
def backends(own_stack):
    for name in ("mongodb", "collector"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    return own_stack


def exit_seconds(service):
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(TIMEOUT_SECONDS) == 0
    return time.monotonic() - began


def dropped(service):
    return service.scrape().value("telemetry_spans_dropped_total", reason="queue_full") or 0.0


def exit_seconds_without_outage(backends, serve):
    service = serve(backends, SETTINGS)
    with Load(service.url, ["/"], clients=8):
        gevent.sleep(2)
    return exit_seconds(service)


def kill_and_restart_collector(backends, service):
    """Drops are counted while the Collector is dead, and the queue empties once it is back."""
    assert dropped(service) == 0
    backends.stop("collector", signal.SIGKILL)
    poll(lambda: dropped(service) > 0, what="drops while the Collector is dead")
    gevent.sleep(3)
    backends.start("collector")
    backends.wait_ready("collector")
    # An accepted span is delivered once the Collector is back: the queue empties.
    poll(
        lambda: service.scrape().total("telemetry_queue_spans") < QUEUE_SPANS / 2,
        what="the queue to empty",
    )


def freeze_collector(backends, service):
    """Drops are counted while the Collector hangs."""
    backends.send("collector", signal.SIGSTOP)
    before = dropped(service)
    poll(lambda: dropped(service) > before, what="drops while the Collector hangs")
    gevent.sleep(3)


def test_outage_fails_and_delays_no_request_counts_drops_and_hardly_delays_the_exit(
    backends, serve
):
    baseline = exit_seconds_without_outage(backends, serve)
    service = serve(backends, SETTINGS)
    with Load(service.url, ["/", "/api/v1/blog/posts"], clients=8, pause_seconds=0.02) as load:
        gevent.sleep(2)
        kill_and_restart_collector(backends, service)
        freeze_collector(backends, service)
    try:
        seconds = exit_seconds(service)
    finally:
        backends.send("collector", signal.SIGCONT)

    assert set(count_outcomes(load.results)) == {200}
    assert len(load.results) > 2 * QUEUE_SPANS
    assert max(result.seconds for result in load.results) < NOT_WAITING_SECONDS
    assert seconds - baseline < EXIT_SECONDS
