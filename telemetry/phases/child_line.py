"""The time line of a greenlet that a request spawned: it adds to the sums of its family."""

from telemetry.names import Phase
from telemetry.phases.family import Family
from telemetry.phases.greenlet_line import GreenletLine
from telemetry.requests.open_waits import OpenWait
from telemetry.requests.record import RequestRecord


class ChildLine(GreenletLine):
    """The time line of a greenlet that a request spawned.

    Args:
        record: Of the request.
        greenlet: That was spawned.
        family: Of the request.
        now_ns: When it was spawned.
    """

    __slots__ = ()

    family: Family

    def __init__(
        self, record: RequestRecord, greenlet: object, family: Family, now_ns: int
    ) -> None:
        super().__init__(record, greenlet, None)
        self.family = family
        self.wait_ns = now_ns
        self.family_ran_ns = family.ran_ns

    def begin(self, ready_ns: int, now_ns: int) -> None:
        """The greenlet runs for the first time.

        Args:
            ready_ns: When it could have: later than it was spawned where a timer started it.
            now_ns: When it does.
        """
        self.family.add("sleep", self.wait_ns, ready_ns)
        self._waited_for_hub(ready_ns, now_ns)
        self.ran_ns = now_ns
        self.family.running += 1

    def leave(self, now_ns: int) -> None:
        """The greenlet begins to wait."""
        collected_ns = self.collected_ns
        self.family.add("cpu", self.ran_ns, now_ns - collected_ns)
        if collected_ns:
            self.family.add("gc", now_ns - collected_ns, now_ns)
        self.ran_ns = self.collected_ns = 0
        self.wait_ns = now_ns
        self.family_ran_ns = self.family.ran_ns

    def resume(self, phase: Phase, named: OpenWait | None, ready_ns: int, ran_ns: int) -> None:
        """See ``GreenletLine.resume``."""
        if named is not None and ready_ns > self.wait_ns:
            named.waited_ns += ready_ns - self.wait_ns
        self.family.add(phase, self.wait_ns, ready_ns)
        self._waited_for_hub(ready_ns, ran_ns)
        self.ran_ns = ran_ns

    def resume_from_family(self, family: Family, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again after a wait for its sisters, which add their time themselves."""
        self._waited_for_hub(ready_ns, ran_ns)
        self.ran_ns = ran_ns

    def end(self, now_ns: int) -> None:
        """The greenlet ends."""
        self.ended = True
        if self.ran_ns:
            self.leave(now_ns)
        self.family.ended_ns = now_ns
        self.family.running -= 1

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return what it does at present: the rest is with its family."""
        return {self.present().phase: max(0, now_ns - (self.ran_ns or self.wait_ns)) / 1e9}

    def _waited_for_hub(self, ready_ns: int, ran_ns: int) -> None:
        # While a sister ran the request did not wait for the hub.
        sisters_ran_ns = self.family.ran_ns - self.family_ran_ns
        self.family.add("hub_wait", ready_ns + sisters_ran_ns, ran_ns)
