"""How much of a request its greenlets were running: the ``cpu`` phase.

A tracer that greenlet calls at every switch adds up the time between switches for the request that
ran; the clock is read only when the request changes. What runs is wall time, so waiting for the
interpreter's lock counts too. The children that a request spawns count with it.

A tracer that raises is removed by greenlet without a word, so this one touches nothing that can.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
import greenlet

from telemetry.requests.record import RequestRecord

# Both gevent's and raw greenlets take attributes; looking one up is the cheapest way from a
# greenlet to its request.
ATTRIBUTE: Final = "telemetry_record"


class CpuPhase:
    """Adds the time that a request's greenlets ran to its record.

    Args:
        clock_ns: Monotonic nanoseconds.
    """

    def __init__(self, *, clock_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock_ns = clock_ns
        self._running: RequestRecord | None = None
        self._since_ns = 0
        self._former: Any = None
        self._installed = False

    def install(self) -> None:
        """Trace the switches of this thread; a tracer that is there already is called on."""
        if not self._installed:
            self._former = greenlet.settrace(self._switched)
            gevent.Greenlet.add_spawn_callback(inherit)
            self._installed = True

    def uninstall(self) -> None:
        """Trace no more."""
        if self._installed:
            greenlet.settrace(self._former)
            gevent.Greenlet.remove_spawn_callback(inherit)
            self._installed = False

    def begin(self, record: RequestRecord) -> None:
        """The running greenlet serves this request from now on."""
        if self._installed:
            setattr(gevent.getcurrent(), ATTRIBUTE, record)
            self._run(record)

    def end(self, record: RequestRecord) -> None:
        """Write the ``cpu`` phase of a request that ends."""
        if not self._installed:
            return
        if self._running is record:
            self._run(None)
        for served in (record.greenlet, gevent.getcurrent()):
            if getattr(served, ATTRIBUTE, None) is record:
                setattr(served, ATTRIBUTE, None)
        record.add_wait("cpu", record.running_ns / 1e9)

    def _run(self, record: RequestRecord | None) -> None:
        now, running = self._clock_ns(), self._running
        if running is not None:
            running.running_ns += now - self._since_ns
        self._since_ns, self._running = now, record

    def _switched(self, event: str, args: Any) -> None:
        if event in ("switch", "throw"):
            record = getattr(args[1], ATTRIBUTE, None)
            if record is not self._running:
                self._run(record)
        if self._former is not None:
            self._former(event, args)


def inherit(spawned: object) -> None:
    """What a request spawns runs for that request."""
    record = getattr(gevent.getcurrent(), ATTRIBUTE, None)
    if record is not None:
        setattr(spawned, ATTRIBUTE, record)
