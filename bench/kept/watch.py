"""Watches a worker from outside while it is under load."""

import itertools
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from bench.cost.servers import Server
from bench.kept.backends import exemplars_of_worker
from bench.spans import NOT_KEPT, SpanCounts

EVERY_SECONDS: Final = 5.0
HEAD_DECISIONS: Final = frozenset({"ratio", "caller", "debug", "sampled"})
"""Reasons to keep that the budget is not for."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The worker at one moment; ``at`` is monotonic."""

    at: float
    resident_bytes: int
    spans: SpanCounts

    @property
    def rescued(self) -> int:
        """Spans kept for what happened at the end, until now."""
        return sum(
            count
            for decision, count in self.spans.ended
            if decision not in NOT_KEPT and decision not in HEAD_DECISIONS
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory, without the first fifth of the time.

    Args:
        first_mb, last_mb: Medians of the first and the last quarter.
        slope: Megabytes a minute, by least squares.
    """

    first_mb: float
    last_mb: float
    slope: float

    @classmethod
    def of(cls, sights: Sequence[Sight]) -> Self:
        """Summarise what was seen."""
        warm = sights[len(sights) // 5 :]
        values = [one.resident_bytes / 1e6 for one in warm]
        quarter = max(1, len(values) // 4)
        slope = 0.0
        if len(warm) > 1:
            slope = statistics.linear_regression([one.at / 60 for one in warm], values).slope
        return cls(statistics.median(values[:quarter]), statistics.median(values[-quarter:]), slope)


def most_rescued_per_second(sights: Sequence[Sight]) -> float:
    """Return the highest rate between two moments at which spans were kept beyond the ratio."""
    return max(
        (
            (later.rescued - one.rescued) / (later.at - one.at)
            for one, later in itertools.pairwise(sights)
        ),
        default=0.0,
    )


@dataclass(slots=True)
class Watch:
    """Samples a worker every few seconds from a thread of its own; a context manager.

    Args:
        server: The worker.
        sights: What was seen.
        exemplars: Traces that the worker's metrics have named.
    """

    server: Server
    sights: list[Sight] = field(default_factory=list)
    exemplars: set[str] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join(60)

    def _run(self) -> None:
        while not self._end.is_set():
            self.see()
            self._end.wait(EVERY_SECONDS)

    def see(self) -> None:
        """Record the worker as it is now."""
        self.exemplars |= exemplars_of_worker(self.server.management_port)
        self.sights.append(
            Sight(time.monotonic(), self.server.resident_bytes, self.server.span_counts)
        )
