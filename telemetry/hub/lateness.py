"""How late the sampling thread is, and why: it could not have the interpreter, or a processor."""

import math
from collections import deque
from typing import Final

from telemetry.hub.attribution import Gap, cause_of_gap
from telemetry.hub.clocks import Clocks

LATE_SECONDS: Final = 0.005
"""A thread that is later than this could not run; less is usual for the operating system."""
RESTS_PER_READING: Final = 8


class Lateness:
    """The gaps of the sampling thread, which makes this object.

    Args:
        gaps: Where they go.
        every_seconds: Between two wake-ups that are on time.
    """

    def __init__(self, gaps: deque[Gap], every_seconds: float) -> None:
        self._gaps = gaps
        self._every_seconds = every_seconds
        self._woke_up_at = math.inf
        self._clocks = Clocks()
        self._ready, self._runs = self._clocks.read_ready_and_runs()
        self._wake_ups = 0
        self._pending: tuple[float, float] | None = None

    def woke_up(self, at: float, late: float) -> None:
        """Take note of a wake-up; before anything that lets the hub run.

        Args:
            at: ``perf_counter`` seconds.
            late: Seconds after it was due.
        """
        self._wake_ups += 1
        self._woke_up_at = at
        self._pending = (at, late) if late > LATE_SECONDS else None

    def rest(self) -> None:
        """Take note that a wake-up meant nothing; now and then this begins to count anew.

        Otherwise what an idle thread waited and ran in hours would be counted with the next gap.
        """
        self._pending = None
        if self._wake_ups >= RESTS_PER_READING:
            self._ready, self._runs = self._clocks.read_ready_and_runs()
            self._wake_ups = 0

    def settle(self, hub_runs: int) -> tuple[Gap | None, float]:
        """Return the gap before the last wake-up, if it was one, and keep it.

        Args:
            hub_runs: How often the hub's thread got a processor meanwhile.

        Returns:
            The gap, and how many seconds the thread waited for a processor.
        """
        ready, runs = self._clocks.read_ready_and_runs()
        gap, waited = self._gap(self._pending, ready, runs, hub_runs)
        self._ready, self._runs, self._wake_ups = ready, runs, 0
        if gap is not None:
            self._gaps.append(gap)
        self._pending = None
        return gap, waited

    def pending(self, hub_runs: int, at: float) -> Gap | None:
        """Return the gap that is not settled yet; on the hub's thread.

        The hub runs again as soon as the interrupted call has ended, which may be before the
        sampling thread has come to a conclusion, or has woken up at all.

        Args:
            hub_runs: See ``settle``.
            at: ``perf_counter`` seconds, now.
        """
        pending, overdue = self._pending, at - self._woke_up_at - self._every_seconds
        if pending is None and overdue > LATE_SECONDS:
            pending = at, overdue
        if pending is None:
            return None
        return self._gap(pending, *self._clocks.read_ready_and_runs(), hub_runs)[0]

    def close(self) -> None:
        """Close the clocks."""
        self._clocks.close()

    def _gap(
        self, pending: tuple[float, float] | None, ready: float, runs: int, hub_runs: int
    ) -> tuple[Gap | None, float]:
        waited = ready - self._ready
        if pending is None or pending[1] - waited <= LATE_SECONDS:
            return None, waited
        at, seconds = pending[0], pending[1] - waited
        # Each time that it woke up on time is one run.
        own_runs = runs - self._runs - self._wake_ups if runs else None
        return Gap(at - seconds, at, cause_of_gap(seconds, own_runs, hub_runs)), waited
