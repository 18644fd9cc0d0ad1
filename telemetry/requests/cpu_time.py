"""The ``cpu`` phase: how long a request's greenlets were running.

greenlet calls a tracer at every switch; it adds the time between switches to the request that ran,
and reads the clock only when the request changes. Running is wall time, so waiting for the
interpreter's lock counts too. Greenlets that a request spawns count with it.

greenlet silently removes a tracer that raises, so this one does nothing that can raise.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
import greenlet

from telemetry.requests.record import RequestRecord

# gevent's and raw greenlets both take attributes, and reading one is the cheapest way from a
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
        self._previous_tracer: Any = None
        self._installed = False

    def install(self) -> None:
        """Trace the switches of this thread; a tracer that was installed before is still called."""
        if not self._installed:
            self._previous_tracer = greenlet.settrace(self._on_switch)
            gevent.Greenlet.add_spawn_callback(inherit)
            self._installed = True

    def uninstall(self) -> None:
        """Remove the tracer."""
        if self._installed:
            greenlet.settrace(self._previous_tracer)
            gevent.Greenlet.remove_spawn_callback(inherit)
            self._installed = False

    def begin(self, record: RequestRecord) -> None:
        """Count the running greenlet's time for this request from its arrival on."""
        if self._installed:
            setattr(gevent.getcurrent(), ATTRIBUTE, record)
            self._switch_to(record, record.started_ns)

    def resume(self, record: RequestRecord) -> None:
        """Count the running greenlet's time for this request again from now on."""
        if self._installed:
            setattr(gevent.getcurrent(), ATTRIBUTE, record)
            self._switch_to(record, self._clock_ns())

    def end(self, record: RequestRecord) -> None:
        """Write the ``cpu`` phase of a request that ends, up to its ``ended_ns``."""
        if not self._installed:
            return
        if self._running is record:
            self._switch_to(None, record.ended_ns)
        served, current = record.greenlet, gevent.getcurrent()
        if getattr(current, ATTRIBUTE, None) is record:
            setattr(current, ATTRIBUTE, None)
        if served is not current and getattr(served, ATTRIBUTE, None) is record:
            setattr(served, ATTRIBUTE, None)
        phases = record.phase_seconds
        phases["cpu"] = phases.get("cpu", 0.0) + record.running_ns / 1e9

    def _switch_to(self, record: RequestRecord | None, now: int) -> None:
        running = self._running
        if running is not None:
            running.running_ns += now - self._since_ns
        self._since_ns, self._running = now, record

    def _on_switch(self, event: str, args: Any) -> None:
        if event in ("switch", "throw"):
            record, running = getattr(args[1], ATTRIBUTE, None), self._running
            if record is not running:
                # As ``_switch_to``, without the call: this happens twice a request at least.
                now = self._clock_ns()
                if running is not None:
                    running.running_ns += now - self._since_ns
                self._since_ns, self._running = now, record
        if self._previous_tracer is not None:
            self._previous_tracer(event, args)


def inherit(spawned: object) -> None:
    """Count the time of a spawned greenlet for the request that spawned it."""
    record = getattr(gevent.getcurrent(), ATTRIBUTE, None)
    if record is not None:
        setattr(spawned, ATTRIBUTE, record)
