"""What the greenlets that a request spawned did, together.

Kept are sums: in total, and since the request's own greenlet began its present wait. Parallel
greenlets do more than the wall time has; ``filled`` scales it down to that.
"""

from typing import Final

from telemetry.names import Phase


class Family:
    """The greenlets that a request spawned, and those that these spawned; nanoseconds."""

    __slots__ = ("_filling", "_since_ns", "ended_ns", "ran_ns", "running", "total")

    def __init__(self) -> None:
        self.total: dict[Phase, int] = {}
        """By phase, of all of them; parallel ones add up."""
        self._filling: dict[Phase, int] = {}
        self._since_ns = 0
        self.ran_ns = 0
        """How long they ran."""
        self.running = 0
        """How many have begun and not ended."""
        self.ended_ns = 0
        """When the last one of those that have ended did so."""

    def fill_from(self, now_ns: int) -> None:
        """The request's own greenlet begins to wait: sum up from now on."""
        self._filling = {}
        self._since_ns = now_ns

    def add(self, phase: Phase, from_ns: int, until_ns: int) -> None:
        """Add what one of them did between two instants."""
        took_ns = until_ns - from_ns
        if took_ns <= 0:
            return
        self.total[phase] = self.total.get(phase, 0) + took_ns
        if phase in _RUNNING:
            self.ran_ns += took_ns
        took_ns = until_ns - max(from_ns, self._since_ns)
        if took_ns > 0:
            self._filling[phase] = self._filling.get(phase, 0) + took_ns

    def filled(self, wall_ns: int) -> dict[Phase, int]:
        """Return what they did in a wait for them, as parts of its wall time.

        Only one greenlet runs at a time, so that running is wall time; waits share the
        rest.

        Args:
            wall_ns: Duration of the wait.
        """
        running: dict[Phase, int] = {}
        by_phase: dict[Phase, int] = {}
        for phase, took_ns in self._filling.items():
            (running if phase in _RUNNING else by_phase)[phase] = took_ns
        rest_ns = wall_ns - sum(running.values())
        if rest_ns < 0 or not by_phase:
            return _scaled(running, wall_ns)
        return running | _scaled(by_phase, rest_ns)

    @property
    def has_worked(self) -> bool:
        """Whether one of them did something since the request began its present wait."""
        return bool(self._filling)


_RUNNING: Final = frozenset[Phase]({"cpu", "gc"})


def _scaled(parts: dict[Phase, int], wall_ns: int) -> dict[Phase, int]:
    done_ns = sum(parts.values())
    if not done_ns:
        return {"other": wall_ns}
    scaled = {phase: took_ns * wall_ns // done_ns for phase, took_ns in parts.items()}
    longest: Phase = max(scaled, key=scaled.__getitem__)
    scaled[longest] += wall_ns - sum(scaled.values())
    return scaled
