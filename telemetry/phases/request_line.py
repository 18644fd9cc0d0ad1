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

    cpu_ns = 0
    gc_ns = 0
    hub_wait_ns = 0
    named: dict[Phase, int] | None = None
    """Waits that an open wait named."""
    unnamed: dict[Phase, int] | None = None
    """Waits that only the hub's own knowledge named."""

    def __init__(
        self, record: RequestRecord, greenlet: object, outer: GreenletLine | None, now_ns: int
    ) -> None:
        self.record = record
        self.greenlet = greenlet
        if outer is None:
            self.is_plain = True
        else:
            self.outer = outer
        self.ran_ns = now_ns
        queue, before = (now_ns - record.started_ns) / 1e9, record.phase_seconds
        if before:
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
        if not self.ran_ns:
            self.resume(self.present().phase, self.innermost(), now_ns, now_ns)
        elif self.greenlet is getcurrent():
            self.cpu_ns += now_ns - self.ran_ns - self.collected_ns
            self.gc_ns += self.collected_ns
            self.ran_ns = self.collected_ns = 0
            self.wait_ns = now_ns
        return self._add_to(self.before)

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the seconds by phase until ``now_ns``."""
        phases = self._add_to(self.before.copy())
        if self.ended:
            return phases
        phase: Phase = "cpu"
        since_ns = self.ran_ns
        if not since_ns:
            phase, since_ns = self.present().phase, self.wait_ns
        if now_ns > since_ns:
            phases[phase] = phases.get(phase, 0.0) + (now_ns - since_ns) / 1e9
        return phases

    def _add_to(self, phases: dict[Phase, float]) -> dict[Phase, float]:
        if self.cpu_ns > 0:
            phases["cpu"] = phases.get("cpu", 0.0) + self.cpu_ns / 1e9
        if self.hub_wait_ns > 0:
            phases["hub_wait"] = phases.get("hub_wait", 0.0) + self.hub_wait_ns / 1e9
        if self.gc_ns > 0:
            phases["gc"] = phases.get("gc", 0.0) + self.gc_ns / 1e9
        for by_phase in (self.named, self.unnamed):
            if by_phase is not None:
                for phase, took_ns in by_phase.copy().items():
                    phases[phase] = phases.get(phase, 0.0) + took_ns / 1e9
        return phases
