"""Waits and phases of a request's record.

With a time line (``telemetry.phases``) waits only name the time in which their greenlet waits.
Without one they are all that is known: the wait that began last has the time until the next change,
so that the wall time of parallel greenlets is never counted twice.
"""

import time

import gevent

from telemetry.names import Phase
from telemetry.requests.open_waits import OpenWait, PresentWait, TimeLine, line_of


class PhaseAccount:
    """The part of ``RequestRecord`` that accounts time; see there for its attributes."""

    __slots__ = ()

    started_ns: int
    accounted_ns: int
    phase_seconds: dict[Phase, float]
    named_later: dict[Phase, float]
    open_waits: list[OpenWait]
    time_line: TimeLine | None

    def begin_wait(self, phase: Phase, subject: object = "") -> OpenWait:
        """Begin a wait of the running greenlet; ``end_wait`` ends it, in whatever greenlet.

        Args:
            phase: What the request waits for.
            subject: Its text describes what exactly, redacted; made only when someone reads it.
        """
        now_ns = time.perf_counter_ns()
        line = self._account_innermost(now_ns)
        wait = OpenWait(phase, now_ns, subject, line)
        self.open_waits.append(wait)
        return wait

    def end_wait(self, wait: OpenWait) -> int:
        """End a wait; returns its nanoseconds.

        Completion has already ended the open waits of a request that has ended.
        """
        now_ns = time.perf_counter_ns()
        wait.leave()
        if wait in self.open_waits:
            self._account_innermost(now_ns)
            self.open_waits.remove(wait)
        return now_ns - wait.began_ns

    def _account_innermost(self, now_ns: int) -> TimeLine | None:
        """Account the time since the last change; returns the running greenlet's time line.

        Without time lines the wait that began last names the time, of whatever greenlet.
        """
        if self.time_line is not None:
            return line_of(gevent.getcurrent(), self)
        if self.open_waits:
            innermost = self.open_waits[-1]
            seconds = (now_ns - max(self.accounted_ns, innermost.began_ns)) / 1e9
            phases = self.phase_seconds
            phases[innermost.phase] = phases.get(innermost.phase, 0.0) + max(0.0, seconds)
        self.accounted_ns = now_ns  # type: ignore[misc]  # a field of the record
        return None

    def add_phase(self, phase: Phase, seconds: float) -> None:
        """Name time that has passed in waits without a name.

        Where it is known before, ``begin_wait`` is right to the microsecond.

        Args:
            phase: What the request waited for.
            seconds: Duration.
        """
        named = self.named_later
        named[phase] = named.get(phase, 0.0) + seconds

    def end_waits(self, now_ns: int) -> None:
        """End the waits that are open at the end of a request without a time line.

        Args:
            now_ns: ``perf_counter_ns``.
        """
        self._account_innermost(now_ns)
        self.open_waits.clear()

    def phase_seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the seconds by phase so far, the present one included; from any thread.

        Args:
            now_ns: ``perf_counter_ns``.
        """
        line = self.time_line
        if line is not None:
            seconds_by_phase = line.seconds_until(now_ns)
        else:
            seconds_by_phase = self.phase_seconds.copy()
            for innermost in self.open_waits[-1:]:
                since_ns = max(self.accounted_ns, innermost.began_ns)
                seconds = seconds_by_phase.get(innermost.phase, 0.0)
                seconds_by_phase[innermost.phase] = seconds + max(0, now_ns - since_ns) / 1e9
        for phase, seconds in self.named_later.copy().items():
            seconds_by_phase[phase] = seconds_by_phase.get(phase, 0.0) + seconds
        return seconds_by_phase

    def present_wait(self) -> PresentWait:
        """Return what the request does at this instant; from any thread."""
        line = self.time_line
        if line is not None:
            return line.present()
        for innermost in self.open_waits[-1:]:
            return PresentWait(innermost.phase, innermost.subject, innermost.began_ns)
        return PresentWait("cpu", "", self.started_ns)
