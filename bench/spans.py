"""The layer's own account of its spans, read from its metrics."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from telemetry import names

NOT_KEPT: Final = frozenset({"not_kept", "over_budget", "memory"})
"""Values of the label ``decision`` of spans that are not sent; all others are reasons to keep."""

_SAMPLE: Final = re.compile(r'^(\w+?)(?:\{(?:(?:decision|reason)="([^"]*)")?[^}]*\})? (\S+)')


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """Spans of one worker, or of several.

    Args:
        ended: By decision.
        dropped: Kept, and never delivered: by reason.
        queued: Kept, and waiting.
    """

    ended: tuple[tuple[str, int], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    queued: int = 0

    def __add__(self, other: Self) -> "SpanCounts":
        return SpanCounts(
            _sum(self.ended + other.ended),
            _sum(self.dropped + other.dropped),
            self.queued + other.queued,
        )

    def __sub__(self, other: Self) -> "SpanCounts":
        negative = (
            tuple((key, -value) for key, value in part) for part in (other.ended, other.dropped)
        )
        ended, dropped = negative
        return SpanCounts(
            _sum(self.ended + ended), _sum(self.dropped + dropped), self.queued - other.queued
        )

    @property
    def kept(self) -> int:
        """Spans that were to be sent."""
        return sum(value for decision, value in self.ended if decision not in NOT_KEPT)

    @property
    def total(self) -> int:
        """All spans."""
        return sum(value for _, value in self.ended)

    @property
    def lost(self) -> int:
        """Kept spans that were never delivered."""
        return sum(value for _, value in self.dropped)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the counts from the text of ``/metrics``."""
        found = [match for line in text.splitlines() if (match := _SAMPLE.match(line))]

        def of(name: str) -> list[tuple[str, int]]:
            return [(one[2] or "", int(float(one[3]))) for one in found if one[1] == name]

        queued = sum(value for _, value in of(names.QUEUE_SPANS.name))
        return cls(_sum(of(names.SPANS.name)), _sum(of(names.SPANS_DROPPED.name)), queued)


def _sum(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    totals: dict[str, int] = {}
    for key, value in counts:
        totals[key] = totals.get(key, 0) + value
    return tuple(sorted(totals.items()))
