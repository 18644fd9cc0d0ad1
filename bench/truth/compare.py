"""What the layer reports of each request, beside what was measured from outside."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from bench.truth.client import READER_PAUSE_SECONDS, Exchange

OTHER_SHARE: Final = 0.02


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


SUM: Final = Tolerance(0.001, 0.02)
DATABASE: Final = Tolerance(0.002, 0.2)
DURATION: Final = Tolerance(0.005, 0.05)


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

    def wrong_kinds(self) -> list[str]:
        """Return the kinds of which most disagree: no noise of the machine does that."""
        failing = Counter(pair.exchange.kind for _, _, pair in self.failing)
        return [kind for kind, count in failing.items() if count > self.compared[kind] / 2]

    def holds(self, disturbed: float) -> bool:
        """Return whether no more disagree than may, and most of each kind agree.

        Args:
            disturbed: Share of the time in which others had the worker's core. Each time that they
                take it between two clocks, two times disagree: by so much more often than on a
                machine that does nothing else.
        """
        most_failing = self.most_failing / (1.0 - disturbed)
        return not self.wrong_kinds() and len(self.failing) <= most_failing * len(self.errors)

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


def _sum(pair: Pair) -> tuple[float, Measured]:
    return sum(pair.phases.values()), Measured(pair.duration, pair.duration)


def _database(pair: Pair) -> tuple[float, Measured] | None:
    # Commands at the same time share the request's wall time with what else its greenlets do.
    return None if pair.exchange.kind == "parallel" else (pair.phases.get("db", 0.0), pair.database)


def _parallel_database(pair: Pair) -> tuple[float, Measured] | None:
    if pair.exchange.kind != "parallel":
        return None
    # Never more than the time in which one of them was there.
    return pair.phases.get("db", 0.0), Measured(0.0, pair.database.most)


def _duration(pair: Pair) -> tuple[float, Measured] | None:
    # What the kernel holds for a slow reader is sent, for the server.
    if pair.exchange.kind in ("large", "body"):
        return None
    return pair.duration, Measured(pair.exchange.least_seconds, pair.exchange.most_seconds)


def _body(pair: Pair) -> tuple[float, Measured] | None:
    exchange = pair.exchange
    if exchange.kind != "body":
        return None
    # Segments that come while nobody reads are one for the kernel, with the stamp of the last: a
    # busy worker's request then begins with the rest of its body (docs/arrival.md).
    return pair.duration, Measured(
        (exchange.ended_ns - exchange.rest_ns) / 1e9, exchange.most_seconds
    )


def _slow_reader(pair: Pair) -> tuple[float, Measured] | None:
    if pair.exchange.kind != "large":
        return None
    # The server waits at least as long as the client pauses, and at most until it has everything.
    return pair.duration, Measured(READER_PAUSE_SECONDS, pair.exchange.most_seconds)


def checks() -> list[Check]:
    """Return what has to hold, with nothing compared yet."""
    return [
        Check("phases add up to the duration", SUM, _sum),
        Check("db by the layer and by the proxy", DATABASE, _database, 0.01),
        Check("db of parallel commands is never more", DATABASE, _parallel_database, 0.01),
        Check("duration by the layer and by the client", DURATION, _duration, 0.01),
        Check("duration with a body, from its last segment at least", DURATION, _body, 0.01),
        Check("duration of a slow reader", DURATION, _slow_reader, 0.01),
    ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run.

    Args:
        pairs: The requests.
        missing: Requests without a line in the log.
        busy: Share of the time for which the worker had work.
        disturbed: Share of that in which others had its core.
        seconds: How long it took.
        checks: What had to hold.
    """

    pairs: Sequence[Pair]
    missing: int
    busy: float
    disturbed: float
    seconds: float
    checks: Sequence[Check]

    @property
    def other_share(self) -> float:
        """Share of all requests' time that no phase explains."""
        other = sum(pair.phases.get("other", 0.0) for pair in self.pairs)
        return other / sum(pair.duration for pair in self.pairs)

    @property
    def holds(self) -> bool:
        """Whether everything holds."""
        return (
            not self.missing
            and self.other_share <= OTHER_SHARE
            and all(check.holds(self.disturbed) for check in self.checks)
        )

    def __str__(self) -> str:
        lines = [
            f"{len(self.pairs)} requests in {self.seconds:.1f} s, {self.missing} without a line; "
            f"the worker had work for {self.busy:.0%} of it, and others its core for "
            f"{self.disturbed:.0%} of that; other is {self.other_share:.1%}",
            *map(str, self.checks),
        ]
        return "\n".join(lines)

    def examples(self, most: int = 3) -> str:
        """Return the worst pairs of the checks that do not hold."""
        lines = []
        for check in self.checks:
            if not check.holds(self.disturbed):
                kinds = Counter(each.exchange.kind for _, _, each in check.failing)
                lines.append(f"{check.name}: {dict(kinds)}")
                worst = sorted(check.failing, key=lambda each: -each[1].error(each[0]))[:most]
                lines += [
                    f"{check.name}: {each.exchange.kind}, {reported * 1e3:.2f} reported, "
                    f"{measured.least * 1e3:.2f} to {measured.most * 1e3:.2f} ms measured: "
                    f"{dict(each.phases)}"
                    for reported, measured, each in worst
                ]
        return "\n".join(lines)


def compared(
    exchanges: Sequence[Exchange],
    lines: Mapping[str, Mapping[str, Any]],
    commands: Mapping[int, Sequence[Command]],
    *,
    busy: float,
    disturbed: float,
) -> Comparison:
    """Compare what was measured with what was logged.

    Args:
        exchanges: By the client.
        lines: Of the worker's log, by request id.
        commands: By the proxy, by the number of the request.
        busy: Share of the time for which the worker had work.
        disturbed: Share of that in which others had its core.
    """
    pairs = [
        Pair(each, lines[each.request_id], commands.get(each.number, ()))
        for each in exchanges
        if each.request_id in lines
    ]
    of = checks()
    for pair in pairs:
        for check in of:
            check.add(pair)
    seconds = max(each.ended_ns for each in exchanges) - min(each.began_ns for each in exchanges)
    return Comparison(pairs, len(exchanges) - len(pairs), busy, disturbed, seconds / 1e9, of)
