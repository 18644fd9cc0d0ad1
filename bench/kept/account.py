"""What a run showed, against what it must show."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.kept.watch import Memory
from bench.load.report import LoadReport
from bench.spans import SpanCounts

DELIVERED: Final = 0.999
MEMORY_SLOPE: Final = 0.2
"""Megabytes a minute that count as flat."""
P99_RATIO: Final = 1.5
"""How much the latencies of two minutes of one machine may differ by themselves."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table."""

    what: str
    found: str
    bound: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Account:
    """One run.

    Args:
        per_second: Requests that were sent.
        most_per_second: Requests that the worker can answer.
        periods: Of the load, by phase: ``before`` an outage, ``gone`` and ``after``.
        traced: Number of slow and failed requests.
        missing: Their traces that Tempo does not have.
        exemplars: Number of traces named by the last five minutes' exemplars, and by the worker's.
        unresolved: Those that Tempo does not have.
        spans: Of the worker.
        receivers: Spans that others counted, by receiver; Tempo's count is the last word.
        rescued_per_second: Most spans kept beyond the ratio.
        budget: Most that may be.
        memory: Of the worker.
    """

    per_second: float
    most_per_second: float
    periods: Mapping[str, Sequence[LoadReport]]
    traced: int
    missing: int
    exemplars: int
    unresolved: int
    spans: SpanCounts
    receivers: Mapping[str, int]
    rescued_per_second: float
    budget: float
    memory: Memory
    outage: bool = False
    checks: list[Check] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.checks.extend(self._checks())

    @property
    def holds(self) -> bool:
        """Whether the run showed all that it must."""
        return all(check.holds for check in self.checks)

    def _checks(self) -> Iterator[Check]:
        reports = [one for several in self.periods.values() for one in several]
        failures = sum(sum(one.failures.values()) for one in reports)
        answers = sum(one.answers for one in reports)
        yield Check("requests without their answer", f"{failures} of {answers}", "0", not failures)
        lost = self.spans.lost
        bound = lost if self.outage else 0
        yield Check(
            "slow and failed traces not in Tempo",
            f"{self.missing} of {self.traced}",
            "at most the lost spans" if self.outage else "0",
            self.missing <= bound,
        )
        yield Check(
            "exemplars without a trace",
            f"{self.unresolved} of {self.exemplars}",
            "0",
            self.exemplars > 0 and not self.unresolved,
        )
        yield Check(
            "spans a second kept beyond the ratio, at most",
            f"{self.rescued_per_second:.0f}",
            f"at most {self.budget:.0f}",
            # What a whole second's budget allows at once falls into one sight.
            self.rescued_per_second <= self.budget * 1.25,
        )
        yield from self._deliveries()
        # A queue that fills while nothing takes the spans is memory.
        yield self._latency() if self.outage else self._memory()

    def _deliveries(self) -> Iterator[Check]:
        spans, received = self.spans, self.receivers["Tempo"]
        counted = ", ".join(f"{name} {count}" for name, count in self.receivers.items())
        reasons = ", ".join(f"{name} {count}" for name, count in spans.dropped if count) or "none"
        if not self.outage:
            share = received / spans.kept if spans.kept else 0.0
            yield Check(
                "spans delivered of kept",
                f"{share:.3%} ({counted}, of {spans.kept}; lost: {reasons})",
                f"at least {DELIVERED:.1%}",
                share >= DELIVERED,
            )
        left = spans.kept - spans.lost - spans.queued - received
        yield Check(
            "kept spans neither delivered, lost nor waiting",
            f"{left} ({counted}; kept {spans.kept}, lost {reasons}, waiting {spans.queued})",
            "0",
            left == 0,
        )

    def _memory(self) -> Check:
        return Check(
            "memory, MB a minute",
            f"{self.memory.slope:+.2f} ({self.memory.first_mb:.1f} to {self.memory.last_mb:.1f})",
            f"at most {MEMORY_SLOPE}",
            self.memory.slope <= MEMORY_SLOPE,
        )

    def _latency(self) -> Check:
        before, gone = (
            statistics.median(one.pages.p99 for one in self.periods[phase])
            for phase in ("before", "gone")
        )
        return Check(
            "p99 of pages without the Collector / before",
            f"{gone / before:.2f} ({gone / 1e3:.1f} ms, {before / 1e3:.1f} ms)",
            f"at most {P99_RATIO}",
            gone <= before * P99_RATIO,
        )


def table(account: Account) -> str:
    """Return the run as Markdown."""
    seconds = sum(one.seconds for several in account.periods.values() for one in several)
    pages = [one.pages for several in account.periods.values() for one in several]
    lines = [
        f"{seconds:.0f} s at {account.per_second:.0f} requests a second (one worker answers "
        f"{account.most_per_second:.0f}), p50 {statistics.median(p.p50 for p in pages) / 1e3:.1f} "
        f"ms, p99 {statistics.median(p.p99 for p in pages) / 1e3:.1f} ms:",
        "",
        "| | found | must be | |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one.what} | {one.found} | {one.bound} | {'' if one.holds else '**not met**'} |"
        for one in account.checks
    ]
    return "\n".join(lines)
