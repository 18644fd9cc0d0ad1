"""What the layer reports of each request, beside what was measured from outside."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.truth.check import Check, Command, Measured, Pair, Tolerance
from bench.truth.client import READER_PAUSE_SECONDS, Exchange

OTHER_SHARE: Final = 0.02
SUM: Final = Tolerance(0.001, 0.02)
DATABASE: Final = Tolerance(0.002, 0.2)
DURATION: Final = Tolerance(0.005, 0.05)


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

    def holds(self, noise: float = 0.0) -> bool:
        """Return whether everything holds; see ``Check.holds``."""
        return (
            not self.missing
            and self.other_share <= OTHER_SHARE
            and all(check.holds(noise) for check in self.checks)
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
            if not check.holds():
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
