"""Time lines: how one greenlet of a request spends its time.

The greenlet that serves the request has the time line that its phases come from. Greenlets that the
request spawns have one each, which adds to the request's family: what the family did while the
request waited for it fills that wait, scaled to the wall time.

The hub's thread writes; other threads may read at any instant, and may find the last microseconds
not accounted yet.
"""

from typing import Final

import gevent

from telemetry.names import Phase
from telemetry.phases.family import Family
from telemetry.requests.record import RequestRecord
from telemetry.requests.waits import OpenWait, PresentWait

SOCKET: Final[Phase] = "external"
"""A socket that is waited for without a name for it is another service's."""


class GreenletLine:
    """What both kinds of time lines have; nanoseconds of ``perf_counter``.

    Args:
        record: The request that the greenlet works for.
        greenlet: Whose time this is.
        outer: Of the request that made this one in the same greenlet.
        now_ns: The greenlet runs since then; 0 for one that has not run yet.
    """

    __slots__ = (
        "collected_ns",
        "context",
        "due_ns",
        "ended",
        "family",
        "family_ran_ns",
        "greenlet",
        "outer",
        "ran_ns",
        "record",
        "wait_ns",
        "watcher",
    )

    def __init__(
        self, record: RequestRecord, greenlet: object, outer: "GreenletLine | None", now_ns: int
    ) -> None:
        self.record = record
        self.greenlet = greenlet
        self.outer: GreenletLine | None = outer
        self.context: OpenWait | None = None
        self.family: Family | None = None
        self.ran_ns = now_ns
        """Since when it runs; 0 while it waits."""
        self.wait_ns = 0
        """Since when it waits."""
        self.watcher: object = None
        """What it waits for, where that is an event of the loop."""
        self.family_ran_ns = 0
        """How long the request's spawned greenlets had run when it began to wait."""
        self.due_ns = 0
        """When a timer that it waits for is due; 0 for other waits."""
        self.collected_ns = 0
        self.ended = False

    def leave(self, now_ns: int) -> None:
        """The greenlet begins to wait."""

    def resume(self, phase: Phase, *, named: bool, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again.

        Args:
            phase: What it waited for.
            named: By an open wait.
            ready_ns: When it could run again.
            ran_ns: Since when it runs.
        """

    def resume_from_family(self, family: Family, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again after a wait for greenlets that the request spawned."""

    def collected(self, took_ns: int) -> None:
        """Account a collection of garbage while the greenlet ran."""
        self.collected_ns += took_ns

    def innermost(self) -> OpenWait | None:
        """The wait that names the time in which the greenlet waits."""
        line: GreenletLine | None = self
        while line is not None:
            if line.context is not None:
                return line.context
            line = line.outer
        return None

    def present(self) -> PresentWait:
        """Return what the greenlet does at this instant."""
        if self.ran_ns:
            return PresentWait("cpu", "", self.ran_ns)
        named = self.innermost()
        if named is not None:
            return PresentWait(named.phase, named.subject, named.began_ns)
        return PresentWait(phase_of_watcher(self.watcher), "", self.wait_ns)


class RequestLine(GreenletLine):
    """The time line of the greenlet that serves a request.

    Args:
        record: Its phases before this instant are those that are known already.
        greenlet: Serves it.
        outer: See ``GreenletLine``.
        now_ns: The application begins.
    """

    __slots__ = ("before", "cpu_ns", "gc_ns", "hub_wait_ns", "named", "unnamed")

    def __init__(
        self, record: RequestRecord, greenlet: object, outer: GreenletLine | None, now_ns: int
    ) -> None:
        super().__init__(record, greenlet, outer, now_ns)
        self.cpu_ns = self.gc_ns = self.hub_wait_ns = 0
        self.named: dict[Phase, int] = {}
        """Waits that an open wait named."""
        self.unnamed: dict[Phase, int] = {}
        """Waits that the hub's own knowledge named."""
        queue = (now_ns - record.started_ns) / 1e9
        before = record.phase_seconds
        if before:
            queue -= sum(before.values())
        self.before: dict[Phase, float] = {"queue": max(0.0, queue), **before}
        """What passed before the application began."""

    def leave(self, now_ns: int) -> None:
        """The greenlet begins to wait."""
        self.cpu_ns += now_ns - self.ran_ns - self.collected_ns
        self.gc_ns += self.collected_ns
        self.ran_ns = self.collected_ns = 0
        self.wait_ns = now_ns
        if self.family is not None:
            self.family.fill_from(now_ns)
            self.family_ran_ns = self.family.ran_ns

    def resume(self, phase: Phase, *, named: bool, ready_ns: int, ran_ns: int) -> None:
        """See ``GreenletLine.resume``."""
        if ready_ns > self.wait_ns:
            seconds = self.named if named else self.unnamed
            seconds[phase] = seconds.get(phase, 0) + ready_ns - self.wait_ns
        self._waited_for_hub(ran_ns - ready_ns)
        self.ran_ns = ran_ns

    def resume_from_family(self, family: Family, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again after a wait for greenlets that the request spawned."""
        for phase, took_ns in family.filled(ready_ns - self.wait_ns).items():
            if phase == "cpu":
                self.cpu_ns += took_ns
            elif phase == "gc":
                self.gc_ns += took_ns
            elif phase == "hub_wait":
                self.hub_wait_ns += took_ns
            else:
                self.named[phase] = self.named.get(phase, 0) + took_ns
        self.hub_wait_ns += ran_ns - ready_ns
        self.ran_ns = ran_ns

    def _waited_for_hub(self, took_ns: int) -> None:
        if self.family is not None:
            own_ns = min(took_ns, self.family.ran_ns - self.family_ran_ns)
            self.cpu_ns += own_ns
            took_ns -= own_ns
        self.hub_wait_ns += took_ns

    def end(self, now_ns: int) -> None:
        """The request ends."""
        self.ended = True
        if not self.ran_ns:
            phase, _, _ = self.present()
            self.resume(phase, named=self.context is not None, ready_ns=now_ns, ran_ns=now_ns)
        elif self.greenlet is gevent.getcurrent():
            self.leave(now_ns)

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the seconds by phase until ``now_ns``."""
        phases = self.seconds()
        if self.ended:
            return phases
        phase: Phase = "cpu"
        since_ns = self.ran_ns
        if not since_ns:
            phase, since_ns = self.present().phase, self.wait_ns
        if now_ns > since_ns:
            phases[phase] = phases.get(phase, 0.0) + (now_ns - since_ns) / 1e9
        return phases

    def seconds(self) -> dict[Phase, float]:
        """Return the seconds by phase that are accounted."""
        phases = self.before.copy()
        if self.cpu_ns > 0:
            phases["cpu"] = phases.get("cpu", 0.0) + self.cpu_ns / 1e9
        if self.hub_wait_ns > 0:
            phases["hub_wait"] = phases.get("hub_wait", 0.0) + self.hub_wait_ns / 1e9
        if self.gc_ns > 0:
            phases["gc"] = phases.get("gc", 0.0) + self.gc_ns / 1e9
        for waits in (self.named, self.unnamed):
            if waits:
                for phase, took_ns in waits.copy().items():
                    phases[phase] = phases.get(phase, 0.0) + took_ns / 1e9
        return phases


class ChildLine(GreenletLine):
    """The time line of a greenlet that a request spawned.

    Args:
        record: Of the request.
        greenlet: That was spawned.
        family: Of the request.
        now_ns: When it was spawned: from then on it could run.
    """

    __slots__ = ()

    def __init__(
        self, record: RequestRecord, greenlet: object, family: Family, now_ns: int
    ) -> None:
        super().__init__(record, greenlet, None, 0)
        self.family: Family = family
        self.wait_ns = now_ns
        self.family_ran_ns = family.ran_ns

    def begin(self, now_ns: int) -> None:
        """The greenlet runs for the first time."""
        self._waited_for_hub(self.wait_ns, now_ns)
        self.ran_ns = now_ns

    def leave(self, now_ns: int) -> None:
        """The greenlet begins to wait."""
        self.family.add("cpu", self.ran_ns, now_ns - self.collected_ns)
        if self.collected_ns:
            self.family.add("gc", now_ns - self.collected_ns, now_ns)
        self.ran_ns = self.collected_ns = 0
        self.wait_ns = now_ns
        self.family_ran_ns = self.family.ran_ns

    def resume(self, phase: Phase, *, named: bool, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again; see ``GreenletLine.resume``."""
        self.family.add(phase, self.wait_ns, ready_ns)
        self._waited_for_hub(ready_ns, ran_ns)
        self.ran_ns = ran_ns

    def resume_from_family(self, family: Family, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again after a wait for its sisters, which add their time themselves."""
        self._waited_for_hub(ready_ns, ran_ns)
        self.ran_ns = ran_ns

    def _waited_for_hub(self, ready_ns: int, ran_ns: int) -> None:
        # While a sister ran the request did not wait for the hub.
        sisters_ran_ns = self.family.ran_ns - self.family_ran_ns
        self.family.add("hub_wait", ready_ns + sisters_ran_ns, ran_ns)

    def end(self, now_ns: int) -> None:
        """The greenlet ends."""
        self.ended = True
        self.leave(now_ns)
        self.family.ended_ns = now_ns

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the present wait: the rest is with its family."""
        phase, _, _ = self.present()
        return {phase: max(0, now_ns - (self.ran_ns or self.wait_ns)) / 1e9}


def phase_of_watcher(watcher: object) -> Phase:
    """Return what the hub calls a wait for an event of the loop; ``other`` for a rare kind."""
    kind = type(watcher).__name__
    if kind == "io":
        return SOCKET
    return "sleep" if kind == "timer" else "other"
