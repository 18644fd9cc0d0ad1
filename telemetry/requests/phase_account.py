"""Waits and phases of a request's record.

With a time line (``telemetry.phases``) waits only name the time in which their greenlet waits.
Without one they are all that is known: the wait that began last has the time until the next change,
so that the wall time of parallel greenlets is never counted twice.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from greenlet import getcurrent

from telemetry.names import Phase
from telemetry.requests.open_waits import LINE, OpenWait, PresentWait, TimeLine, line_of

_clock_ns: Final = time.perf_counter_ns


class PhaseAccount:
    """The part of ``RequestRecord`` that accounts time; see there for its attributes."""

    __slots__ = ()

    started_ns: int
    accounted_ns: int
    phase_seconds: dict[Phase, float]
    named_later: dict[Phase, float] | None
    open_waits: list[OpenWait]
    longest_wait: OpenWait | None
    time_line: TimeLine | None

    def begin_wait(self, phase: Phase, subject: object = "") -> OpenWait:
        """Begin a wait of the running greenlet; ``end_wait`` ends it, in whatever greenlet.

        Args:
            phase: What the request waits for.
            subject: Its text describes what exactly, redacted; made only when someone reads it.
        """
        now_ns = _clock_ns()
        line: TimeLine | None = None
        if self.time_line is None:
            self._account_innermost(now_ns)
        else:
            line = getattr(getcurrent(), LINE, None)
            if line is not None and line.record is not self:
                line = line_of(getcurrent(), self)
        wait = OpenWait(phase, now_ns, subject, line)
        self.open_waits.append(wait)
        return wait

    def end_wait(self, wait: OpenWait) -> int:
        """End a wait; returns its nanoseconds.

        Completion has already ended the open waits of a request that has ended.
        """
        now_ns, line, still_open = _clock_ns(), wait.line, self.open_waits
        if line is not None and line.context is wait:
            line.context = wait.outer
        else:
            wait.leave()
        if self.time_line is not None and still_open and still_open[-1] is wait:
            still_open.pop()
        elif wait in still_open:
            if self.time_line is None:
                self._account_innermost(now_ns)
            still_open.remove(wait)
        longest = self.longest_wait
        if longest is None or wait.waited_ns > longest.waited_ns:
            self.longest_wait = wait  # type: ignore[misc]  # a field of the record
        return now_ns - wait.began_ns

    def _account_innermost(self, now_ns: int) -> None:
        """Account the time since the last change, without a time line.

        The wait that began last names the time, of whatever greenlet.
        """
        if self.open_waits:
            innermost = self.open_waits[-1]
            seconds = (now_ns - max(self.accounted_ns, innermost.began_ns)) / 1e9
            phases = self.phase_seconds
            phases[innermost.phase] = phases.get(innermost.phase, 0.0) + max(0.0, seconds)
        self.accounted_ns = now_ns  # type: ignore[misc]  # a field of the record

    def add_phase(self, phase: Phase, seconds: float) -> None:
        """Name time that has passed in waits without a name.

        Where it is known before, ``begin_wait`` is right to the microsecond.

        Args:
            phase: What the request waited for.
            seconds: Duration.
        """
        named = self.named_later
        if named is None:
            named = self.named_later = {}  # type: ignore[misc]  # a field of the record
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
        named_later = self.named_later
        for phase, seconds in named_later.copy().items() if named_later else ():
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


def rounded_seconds(seconds: Mapping[Any, float]) -> dict[str, float]:
    """Return seconds by phase, or by another name, to the microsecond, for people and tools."""
    return {name: round(each, 6) for name, each in seconds.items()}
