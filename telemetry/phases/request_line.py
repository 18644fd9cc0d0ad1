"""The time line of the greenlet that serves a request: the one that its phases come from."""

from greenlet import getcurrent

from telemetry.names import Phase
from telemetry.phases.family import Family
from telemetry.phases.greenlet_line import GreenletLine
from telemetry.requests.open_waits import OpenWait
from telemetry.requests.record import RequestRecord


class RequestLine(GreenletLine):
    """The time line of the greenlet that serves a request.

    Args:
        record: Its phases at this instant are what is known of the time before the application.
        greenlet: Serves it.
        outer: Of the request that made this one in the same greenlet.
        now_ns: The application begins.
    """

    __slots__ = ("before", "cpu_ns", "gc_ns", "hub_wait_ns", "named", "unnamed")

    def __init__(
        self, record: RequestRecord, greenlet: object, outer: GreenletLine | None, now_ns: int
    ) -> None:
        # As in the base class, whose constructor would be one call more.
        self.record = record
        self.greenlet = greenlet
        self.outer = outer
        self.context = self.family = self.watcher = None
        self.family_ran_ns = self.wait_ns = self.due_ns = self.collected_ns = 0
        self.ended = False
        self.is_plain = outer is None
        self.ran_ns = now_ns
        self.cpu_ns = self.gc_ns = self.hub_wait_ns = 0
        # Waits that an open wait named, and those that only the hub's own knowledge named.
        self.named: dict[Phase, int] | None = None
        self.unnamed: dict[Phase, int] | None = None
        queue, before = (now_ns - record.started_ns) / 1e9, record.phase_seconds
        if len(before) > 1 or (before and "queue" not in before):
            queue -= sum(before.values()) - before.get("queue", 0.0)
        if queue > 0:
            before["queue"] = queue
        self.before: dict[Phase, float] = before
        """What passed before the application began."""

    def leave(self, now_ns: int) -> None:
        """The greenlet begins to wait."""
        took_ns = now_ns - self.ran_ns
        if self.collected_ns:
            took_ns -= self.collected_ns
            self.gc_ns += self.collected_ns
            self.collected_ns = 0
        self.cpu_ns += took_ns
        self.ran_ns = 0
        self.wait_ns = now_ns
        if self.family is not None:
            self.family.fill_from(now_ns)
            self.family_ran_ns = self.family.ran_ns

    def resume(self, phase: Phase, named: OpenWait | None, ready_ns: int, ran_ns: int) -> None:
        """See ``GreenletLine.resume``."""
        took_ns = ready_ns - self.wait_ns
        if took_ns > 0:
            if named is None:
                by_phase = self.unnamed
                if by_phase is None:
                    by_phase = self.unnamed = {}
            else:
                named.waited_ns += took_ns
                by_phase = self.named
                if by_phase is None:
                    by_phase = self.named = {}
            by_phase[phase] = by_phase.get(phase, 0) + took_ns
        took_ns = ran_ns - ready_ns
        if self.family is not None:
            # While its own greenlets ran the request did not wait for the hub.
            own_ns = min(took_ns, self.family.ran_ns - self.family_ran_ns)
            self.cpu_ns += own_ns
            took_ns -= own_ns
        self.hub_wait_ns += took_ns
        self.ran_ns = ran_ns

    def resume_from_family(self, family: Family, ready_ns: int, ran_ns: int) -> None:
        """See ``GreenletLine.resume_from_family``."""
        named = self.named = self.named or {}
        for phase, took_ns in family.filled(ready_ns - self.wait_ns).items():
            if phase == "cpu":
                self.cpu_ns += took_ns
            elif phase == "gc":
                self.gc_ns += took_ns
            elif phase == "hub_wait":
                self.hub_wait_ns += took_ns
            else:
                named[phase] = named.get(phase, 0) + took_ns
        self.hub_wait_ns += ran_ns - ready_ns
        self.ran_ns = ran_ns

    def end(self, now_ns: int) -> dict[Phase, float]:
        """The request ends; returns its seconds by phase."""
        self.ended, self.is_plain = True, False
        ran_ns = self.ran_ns
        if not ran_ns:
            self.resume(self.present().phase, self.innermost(), now_ns, now_ns)
        elif self.greenlet is getcurrent():
            has_waited, collected_ns = self.wait_ns, self.collected_ns
            self.cpu_ns += now_ns - ran_ns - collected_ns
            if collected_ns:
                self.gc_ns += collected_ns
                self.collected_ns = 0
            self.ran_ns = 0
            self.wait_ns = now_ns
            phases = self.before
            if not has_waited and not collected_ns and len(phases) == 1 and "queue" in phases:
                # Both are differences of the same instants: there is nothing left to account.
                phases["cpu"] = self.cpu_ns / 1e9
                self.record.began_ns = ran_ns
                return phases
        return self._add_to(self.before, self.cpu_ns)

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the seconds by phase until ``now_ns``."""
        cpu_ns, ran_ns = self.cpu_ns, self.ran_ns
        if ran_ns and now_ns > ran_ns and not self.ended:
            if self.wait_ns:
                return self._add_to(self.before.copy(), cpu_ns + now_ns - ran_ns)
            # It has not waited, as most; then there is nothing else.
            phases = self.before.copy()
            phases["cpu"] = (now_ns - ran_ns) / 1e9
            return phases
        phases = self._add_to(self.before.copy(), cpu_ns)
        if not ran_ns and now_ns > self.wait_ns and not self.ended:
            phase = self.present().phase
            phases[phase] = phases.get(phase, 0.0) + (now_ns - self.wait_ns) / 1e9
        return phases

    def began_ns(self) -> int:
        """See ``GreenletLine.began_ns``; so it is for most requests until their response begins."""
        if self.wait_ns or self.collected_ns or len(self.before) != 1 or "queue" not in self.before:
            return 0
        return self.ran_ns

    def _add_to(self, phases: dict[Phase, float], cpu_ns: int) -> dict[Phase, float]:
        # Only ``client_read`` and ``queue`` passed before.
        if cpu_ns > 0:
            phases["cpu"] = cpu_ns / 1e9
        if self.hub_wait_ns > 0:
            phases["hub_wait"] = self.hub_wait_ns / 1e9
        if self.gc_ns > 0:
            phases["gc"] = self.gc_ns / 1e9
        if self.named is not None:
            _add_waits(phases, self.named)
        if self.unnamed is not None:
            _add_waits(phases, self.unnamed)
        return phases


def _add_waits(phases: dict[Phase, float], waits_ns: dict[Phase, int]) -> None:
    for phase, took_ns in waits_ns.copy().items():
        phases[phase] = phases.get(phase, 0.0) + took_ns / 1e9
