"""A dead or hung Collector changes no response, delays no exit, and what is lost is counted."""

import signal
import time

import gevent
import pytest

from tests.e2e.load import Load, outcomes
from tests.e2e.observing import wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

QUEUE_SPANS = 200
# As long as one attempt to export may take: a request or an exit that waited for one would take
# that long, and the machine never does.
EXPORT_SECONDS = 40
NOT_WAITING_SECONDS = 15.0
EXIT_SECONDS = 15.0


@pytest.fixture
def backends(own_stack):
    for name in ("mongodb", "collector"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    return own_stack


def exit_seconds(service):
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE_SECONDS) == 0
    return time.monotonic() - began


def dropped(service, reason):
    return service.scrape().value("telemetry_spans_dropped_total", reason=reason) or 0.0


def test_no_request_fails_or_waits_and_drops_are_counted_and_the_exit_is_hardly_later(
    backends, serve
):
    setting = {
        "TELEMETRY_QUEUE_SPANS": str(QUEUE_SPANS),
        "TELEMETRY_EXPORT_TIMEOUT_SECONDS": str(EXPORT_SECONDS),
        "DRAIN_DELAY_SECONDS": "0",
    }
    undisturbed = serve(backends, setting)
    with Load(undisturbed.url, ["/"], clients=8):
        gevent.sleep(2)
    baseline = exit_seconds(undisturbed)

    service = serve(backends, setting)
    with Load(service.url, ["/", "/api/v1/blog/posts"], clients=8, pause_seconds=0.02) as load:
        gevent.sleep(2)
        assert dropped(service, "queue_full") == 0
        backends.stop("collector", signal.SIGKILL)
        wait_for(
            lambda: dropped(service, "queue_full") > 0,
            PATIENCE_SECONDS,
            "drops while the Collector is dead",
        )
        gevent.sleep(3)
        backends.start("collector")
        backends.wait_ready("collector")
        # An accepted span is delivered once the Collector is back: the queue empties.
        wait_for(
            lambda: service.scrape().total("telemetry_queue_spans") < QUEUE_SPANS / 2,
            PATIENCE_SECONDS,
            "the queue to empty",
        )
        backends.send("collector", signal.SIGSTOP)
        while_hung = dropped(service, "queue_full")
        wait_for(
            lambda: dropped(service, "queue_full") > while_hung,
            PATIENCE_SECONDS,
            "drops while the Collector hangs",
        )
        gevent.sleep(3)
    try:
        seconds = exit_seconds(service)
    finally:
        backends.send("collector", signal.SIGCONT)

    assert set(outcomes(load.answers)) == {200}
    assert len(load.answers) > 2 * QUEUE_SPANS
    assert max(answer.seconds for answer in load.answers) < NOT_WAITING_SECONDS
    assert seconds - baseline < EXIT_SECONDS
