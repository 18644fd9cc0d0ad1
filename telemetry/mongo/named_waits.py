"""Waits of requests that one event begins and another one ends, at most one for each greenlet.

Where the second event is lost, the greenlet's next wait, its request's completion or its own end
ends it. Nothing here blocks or yields.
"""

import gevent
from greenlet import greenlet

from telemetry.greenlets import is_dead
from telemetry.names import Phase
from telemetry.requests.open_waits import OpenWait
from telemetry.requests.record import RequestRecord, current_record


class NamedWaits:
    """The open waits of one kind."""

    def __init__(self) -> None:
        # With the greenlet, so that its id is not used again.
        self._open: dict[int, tuple[greenlet, RequestRecord, OpenWait]] = {}

    def begin(self, phase: Phase, subject: object) -> None:
        """Begin a wait of the running greenlet, if it serves a request.

        Args:
            phase: What is waited for.
            subject: Its text describes what exactly.
        """
        record = current_record()
        if record is not None:
            self.end()
            current = gevent.getcurrent()
            self._open[id(current)] = current, record, record.begin_wait(phase, subject)

    def end(self) -> None:
        """End the wait of the running greenlet, if there is one."""
        if self._open:
            found = self._open.pop(id(gevent.getcurrent()), None)
            if found is not None:
                found[1].end_wait(found[2])

    def sweep(self) -> None:
        """Drop the waits of greenlets that are gone and of requests that are over."""
        for key, (waiter, record, wait) in tuple(self._open.items()):
            if is_dead(waiter) or record.outcome is not None:
                del self._open[key]
                record.end_wait(wait)
