"""Arithmetic on the counts of a histogram: number, average, quantile, share within a target.

Pure functions of numbers, computed the way Prometheus does, so that health and dashboards agree.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul, sub


@dataclass(frozen=True, slots=True)
class HistogramCounts:
    """Requests by bucket, and the time of all of them."""

    buckets: tuple[float, ...]
    seconds: float = 0.0

    @property
    def requests(self) -> float:
        """Number of requests."""
        return sum(self.buckets)

    @property
    def average_seconds(self) -> float | None:
        """Average time of a request; ``None`` without any."""
        return self.seconds / self.requests if self.requests > 0 else None

    def since(self, before: "HistogramCounts") -> "HistogramCounts":
        """Return what has been added to earlier counts."""
        return HistogramCounts(
            tuple(map(sub, self.buckets, before.buckets)), self.seconds - before.seconds
        )

    def share_within(self, weights: Collection[float]) -> float | None:
        """Return the share of requests within the target of ``bucket_weights``.

        ``None`` without any request.
        """
        return sum(map(mul, self.buckets, weights)) / self.requests if self.requests > 0 else None

    def quantile_seconds(self, share: float, upper_bounds: Sequence[float]) -> float | None:
        """Return the time that ``share`` of the requests stayed within.

        Linear within its bucket, as Prometheus's ``histogram_quantile``; the highest finite bound
        when it lies above that. ``None`` without any request.
        """
        rank, below = share * self.requests, 0.0
        if not rank:
            return None
        for count, lower, upper in zip(
            self.buckets, (0.0, *upper_bounds), upper_bounds, strict=False
        ):
            if below + count >= rank:
                return (
                    lower if math.isinf(upper) else lower + (upper - lower) * (rank - below) / count
                )
            below += count
        return None


def bucket_weights(upper_bounds: Collection[float], target_seconds: float) -> tuple[float, ...]:
    """Return the share of each bucket's observations that lie within the target.

    Args:
        upper_bounds: Ascending, the last one infinite; each bucket counts what is above the bound
            before it.
        target_seconds: The target.
    """
    weights = []
    for lower, upper in pairwise((0.0, *upper_bounds)):
        if upper <= target_seconds:
            weights.append(1.0)
        elif lower >= target_seconds or math.isinf(upper):
            weights.append(0.0)
        else:
            weights.append((target_seconds - lower) / (upper - lower))
    return tuple(weights)
