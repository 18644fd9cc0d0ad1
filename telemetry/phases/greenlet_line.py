"""A time line: how one greenlet of a request spends its time; nanoseconds of ``perf_counter``.

The hub's thread writes; other threads may read at any instant, and may find the last microseconds
not accounted yet.
"""

from typing import Final

from telemetry.names import Phase
from telemetry.phases.family import Family
from telemetry.requests.open_waits import OpenWait, PresentWait
from telemetry.requests.record import RequestRecord

SOCKET: Final[Phase] = "external"
"""A socket that is waited for without a name for it is another service's."""
SOCKET_WATCHER: Final = "io"
"""Name of the class of watchers for sockets, with each kind of loop."""


class GreenletLine:
    """What both kinds of time lines have.

    Args:
        record: The request that the greenlet works for.
        greenlet: Whose time this is.
        outer: Of the request that made this one in the same greenlet.

    Attributes:
        context: The innermost wait that the greenlet has begun for this request.
        family: The greenlets that the request spawned.
        family_ran_ns: How long these had run when this one began to wait.
        ran_ns: Since when it runs; 0 while it waits.
        wait_ns: Since when it waits.
        watcher: What it waits for, where that is an event of the loop.
        due_ns: When a timer that it waits for is due; 0 for other waits.
        collected_ns: Collections of garbage since it runs.
        is_plain: It is a request's, has no outer one, and the request has spawned nothing.
    """

    __slots__ = (
        "collected_ns",
        "context",
        "due_ns",
        "ended",
        "family",
        "family_ran_ns",
        "greenlet",
        "is_plain",
        "outer",
        "ran_ns",
        "record",
        "wait_ns",
        "watcher",
    )

    context: OpenWait | None

    def __init__(
        self, record: RequestRecord, greenlet: object, outer: "GreenletLine | None"
    ) -> None:
        self.record = record
        self.greenlet = greenlet
        self.outer = outer
        self.context = self.watcher = None
        self.family: Family | None = None
        self.family_ran_ns = self.ran_ns = self.wait_ns = self.due_ns = self.collected_ns = 0
        self.ended = self.is_plain = False

    def leave(self, now_ns: int) -> None:
        """The greenlet begins to wait."""

    def resume(self, phase: Phase, named: OpenWait | None, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again.

        Args:
            phase: What it waited for.
            named: The open wait that named it.
            ready_ns: When it could run again.
            ran_ns: Since when it runs.
        """

    def resume_from_family(self, family: Family, ready_ns: int, ran_ns: int) -> None:
        """The greenlet runs again after a wait for greenlets that the request spawned."""

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the seconds by phase until ``now_ns``."""
        raise NotImplementedError

    def began_ns(self) -> int:
        """Return when the application began, where the rest is ``queue`` and ``cpu``; else 0."""
        return 0

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


def phase_of_watcher(watcher: object) -> Phase:
    """Return what the hub calls a wait for an event of the loop; ``other`` for a rare kind."""
    kind = type(watcher).__name__
    if kind == SOCKET_WATCHER:
        return SOCKET
    return "sleep" if kind == "timer" else "other"
