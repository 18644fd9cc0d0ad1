"""Two times of each request, and how often they agree."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.truth.client import Exchange


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two times may be apart: by so much, or by a share of the measured one.

    Args:
        seconds: The first.
        share: The second.
    """

    seconds: float
    share: float

    def allows(self, error: float, measured: float) -> bool:
        """Return whether an error is small enough."""
        return error <= max(self.seconds, self.share * measured)


class Command(NamedTuple):
    """One command; wall clock nanoseconds.

    Args:
        began: Arrival at the proxy.
        before: Before its answer was passed on.
        after: And after that.
    """

    began: int
    before: int
    after: int


class Measured(NamedTuple):
    """What was measured from outside: at least and at most so many seconds.

    A process that measures can be interrupted between its clock and what it measures.
    """

    least: float
    most: float

    def error(self, reported: float) -> float:
        """Return how far a time is outside."""
        return max(0.0, self.least - reported, reported - self.most)


@dataclass(frozen=True, slots=True)
class Pair:
    """One request by both.

    Args:
        exchange: As the client measured it.
        line: Of the worker's log.
        commands: As the proxy measured them.
    """

    exchange: Exchange
    line: Mapping[str, Any]
    commands: Sequence[Command] = ()

    @property
    def duration(self) -> float:
        """Seconds by the layer."""
        return float(self.line["duration_seconds"])

    @property
    def phases(self) -> Mapping[str, float]:
        """Seconds by phase, by the layer."""
        found: Mapping[str, float] = self.line["phases"]
        return found

    @property
    def database(self) -> Measured:
        """How long at least one of its commands was at the database, by the proxy."""
        return Measured(
            total((each.began, each.before) for each in self.commands),
            total((each.began, each.after) for each in self.commands),
        )


def _most_by_chance(share: float, count: int) -> float:
    """Return how many of so many happen but once in a thousand, when each does with a share."""
    return share * count + 3.0 * math.sqrt(share * (1.0 - share) * count)


def total(intervals: Iterable[tuple[int, int]]) -> float:
    """Return the seconds that intervals of nanoseconds cover together."""
    covered, until = 0, 0
    for began, ended in sorted(intervals):
        covered += max(0, ended - max(began, until))
        until = max(until, ended)
    return covered / 1e9


@dataclass(slots=True)
class Check:
    """How often two times agree.

    Args:
        name: What is compared.
        tolerance: How far they may be apart.
        both: Of a pair, the reported and the measured time; ``None`` where that cannot be compared.
        most_failing: Share of the pairs that may disagree, on a machine that does nothing else.
    """

    name: str
    tolerance: Tolerance
    both: Callable[[Pair], tuple[float, Measured] | None]
    most_failing: float = 0.0
    errors: list[float] = field(default_factory=list)
    compared: Counter[str] = field(default_factory=Counter)
    failing: list[tuple[float, Measured, Pair]] = field(default_factory=list)

    def add(self, pair: Pair) -> None:
        """Compare one more pair."""
        times = self.both(pair)
        if times is None:
            return
        reported, measured = times
        self.compared[pair.exchange.kind] += 1
        error = measured.error(reported)
        self.errors.append(error)
        if not self.tolerance.allows(error, measured.most):
            self.failing.append((reported, measured, pair))

    def wrong_kinds(self, noise: float = 0.0) -> list[str]:
        """Return the kinds of which more disagree than chance explains; see ``holds``."""
        share = self._most_failing(noise)
        failing = Counter(pair.exchange.kind for _, _, pair in self.failing)
        return [
            kind
            for kind, count in failing.items()
            if count > 1 + _most_by_chance(share, self.compared[kind])
        ]

    def holds(self, noise: float = 0.0) -> bool:
        """Return whether no more disagree than may, of all and of each kind.

        Args:
            noise: Share of the time in which others had the worker's core; 0 on a machine that does
                nothing else. Of so many instants two clocks disagree because the core was taken
                between them.
        """
        most = self._most_failing(noise) * len(self.errors)
        return len(self.failing) <= most and not self.wrong_kinds(noise)

    def _most_failing(self, noise: float) -> float:
        # What has no outlier has no clock outside either.
        return min(1.0, self.most_failing + noise) if self.most_failing else 0.0

    def quantile(self, share: float) -> float:
        """Return the error in seconds that so many of the pairs are below."""
        return sorted(self.errors)[min(len(self.errors) - 1, int(share * len(self.errors)))]

    def __str__(self) -> str:
        errors = ", ".join(f"p{q:g} {self.quantile(q / 100) * 1e3:.2f}" for q in (50, 95, 99))
        return (
            f"{self.name}: {len(self.failing)} of {len(self.errors)} beyond "
            f"{self.tolerance.seconds * 1e3:g} ms or {self.tolerance.share:.0%} "
            f"(at most {self.most_failing:.1%}); errors in ms: {errors}"
        )
