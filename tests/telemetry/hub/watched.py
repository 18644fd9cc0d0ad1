"""A hub that is watched, for tests: requests are served on it, and what was found is read from the
registry.
"""

import time
from contextlib import contextmanager

import gevent

from telemetry import names
from telemetry.guard import Guard
from telemetry.hub import HubWatch
from telemetry.metrics import Metrics
from tests.machine import PATIENCE_SECONDS


class Watched:
    """A hub that is watched, and requests on it."""

    def __init__(self):
        self.metrics = Metrics()
        self.requests = []
        self.errors = []
        self.watch = HubWatch(
            self.metrics,
            Guard(strict=False, on_error=self.errors.append),
            lambda: tuple(self.requests),
        )

    def serve(self, request, work):
        """Run ``work`` as that request; what it returns."""

        def run():
            request.greenlet = gevent.getcurrent()
            return work()

        self.requests.append(request)
        result = gevent.spawn(run).get()
        self.requests.remove(request)
        request.greenlet = None
        return result

    def blocked(self):
        """Seconds by blame, only what is not zero."""
        seconds = {
            blame: self.metrics.counters(names.HUB_BLOCKED)[blame,]._value.get()
            for blame in ("cpu", "blocked", "gil", "frozen")
        }
        return {blame: value for blame, value in seconds.items() if value}

    def turns(self):
        return self.metrics.registry.get_sample_value("gevent_hub_lag_seconds_count")


def eventually(condition, timeout_seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        gevent.sleep(0.01)


@contextmanager
def watching():
    watched = Watched()
    watched.watch.start()
    gevent.sleep(0.1)
    yield watched
    watched.watch.stop()
    assert watched.errors == []
