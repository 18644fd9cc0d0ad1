"""Waits of a request that are open, and the time line that its phases are read from.

A wait names the time in which its greenlet waits; what the greenlet computes in it is ``cpu``, and
what the hub computed for others meanwhile ``hub_wait``. The innermost open wait of a greenlet
names it. Time lines are kept by ``telemetry.phases``; a request has none where that room does not
instrument the hub.
"""

from typing import Final, NamedTuple, Protocol

from telemetry.names import Phase

LINE: Final = "telemetry_time_line"
"""Attribute of a greenlet: the time line of the request that it works for.

gevent's and raw greenlets both take attributes, and reading one is the cheapest way from a greenlet
to its request.
"""


class PresentWait(NamedTuple):
    """What a request does at this instant.

    Args:
        phase: What it waits for; ``cpu`` while it runs, ``other`` where that shows only at its end.
        subject: Its text describes what exactly.
        since_ns: ``perf_counter_ns``.
    """

    phase: Phase
    subject: object
    since_ns: int


class TimeLine(Protocol):
    """How one greenlet of a request spends its time; readable from any thread."""

    context: "OpenWait | None"

    @property
    def record(self) -> object:
        """The request."""

    @property
    def outer(self) -> "TimeLine | None":
        """Of the request that made this one in the same greenlet."""

    def seconds_until(self, now_ns: int) -> dict[Phase, float]:
        """Return the seconds by phase until ``now_ns`` (``perf_counter_ns``)."""

    def began_ns(self) -> int:
        """Return when the application began, where the rest is ``queue`` and ``cpu``; else 0."""

    def present(self) -> PresentWait:
        """Return what the greenlet does at this instant."""


class OpenWait:
    """A wait that has begun and not ended.

    Args:
        phase: What is waited for.
        began_ns: ``perf_counter_ns``.
        subject: Its text describes what exactly.
        line: Of the greenlet that began it, if that has one.

    Attributes:
        waited_ns: How long that greenlet has waited in it, without the hub's time, where it has a
            time line; what it waits for at present is not in it.
    """

    __slots__ = ("began_ns", "line", "outer", "phase", "subject", "waited_ns")

    def __init__(
        self, phase: Phase, began_ns: int, subject: object = "", line: TimeLine | None = None
    ) -> None:
        self.phase = phase
        self.began_ns = began_ns
        self.subject = subject
        self.line = line
        self.waited_ns = 0
        self.outer: OpenWait | None = None
        if line is not None:
            self.outer, line.context = line.context, self

    def leave(self) -> None:
        """Name no more time; another greenlet may close what this one has opened."""
        line = self.line
        if line is None:
            return
        if line.context is self:
            line.context = self.outer
            return
        wait = line.context
        while wait is not None and wait.outer is not self:
            wait = wait.outer
        if wait is not None:
            wait.outer = self.outer


def line_of(greenlet: object, record: object) -> TimeLine | None:
    """Return the time line that a greenlet has for a request, or ``None``.

    It may have several: a request that it serves can make another one in the same greenlet.
    """
    line: TimeLine | None = getattr(greenlet, LINE, None)
    while line is not None and line.record is not record:
        line = line.outer
    return line
