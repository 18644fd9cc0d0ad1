"""A monitored hub for tests: requests run on it, and the metrics of its blocks are read."""

import itertools
from contextlib import contextmanager

import gevent

from telemetry import names
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
from telemetry.hub.block_log import LOG_EVERY_SECONDS, BlockLog
from telemetry.metrics import Metrics


class MonitoredHub:
    """A hub with a monitor, and the requests on it; every block is a line of the log.

    ``samples`` counts the samples of code that holds the hub.
    """

    def __init__(self):
        self.metrics = Metrics()
        self.requests = []
        self.errors = []
        self.samples = 0
        self.monitor = HubMonitor(
            self.metrics,
            Guard(strict=False, on_error=self.errors.append),
            self._in_flight,
            blocked_after_seconds=0.1,
            log=BlockLog(itertools.count(step=2 * LOG_EVERY_SECONDS).__next__),
        )

    def _in_flight(self):
        self.samples += 1
        return tuple(self.requests)

    def serve(self, request, work):
        """Run ``work`` in the greenlet of a request; returns its result."""

        def run():
            request.greenlet = gevent.getcurrent()
            return work()

        self.requests.append(request)
        result = gevent.spawn(run).get()
        self.requests.remove(request)
        request.greenlet = None
        return result

    def series(self):
        """Blocked seconds by cause and code, without zeros."""
        [family] = self.metrics.registry.restricted_registry([names.HUB_BLOCKED.name]).collect()
        return {
            (sample.labels["kind"], sample.labels["code"]): sample.value
            for sample in family.samples
            if sample.value
        }

    def blocked(self):
        """Blocked seconds by cause, without zeros."""
        seconds = {}
        for (cause, _), value in self.series().items():
            seconds[cause] = seconds.get(cause, 0.0) + value
        return seconds

    def turns(self):
        return self.metrics.registry.get_sample_value("gevent_hub_lag_seconds_count")


@contextmanager
def monitored_hub():
    hub = MonitoredHub()
    hub.monitor.start()
    gevent.sleep(0.1)
    yield hub
    hub.monitor.stop()
    assert hub.errors == []
