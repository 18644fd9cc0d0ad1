"""How the service answers, over the last minutes: share of requests within a target, its trend, and the health routes' average.

Everything comes from the one latency histogram; ``sample`` notes its totals once an interval, and a verdict only compares two notes.
Health routes count for their own average and for nothing else: probes are frequent and fast and would hide what users see.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from typing import Final, Literal, cast

from prometheus_client import Histogram

from telemetry import names

Trend = Literal["rising", "falling", "steady", "unknown"]

TREND_STEP: Final = 0.01
"""Share by which two halves of the window have to differ before it is called a trend: one request in a hundred."""

_ROUTE = names.REQUEST_DURATION.labels.index(names.ROUTE)


@dataclass(frozen=True, slots=True)
class Totals:
    """The histogram's totals since the process started, at one instant."""

    at_seconds: float
    requests: float = 0.0
    within: float = 0.0
    health_requests: float = 0.0
    health_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Sla:
    """Share of requests within the target over the window.

    Args:
        share: 0 to 1, or ``None`` when no request has been seen in the window.
        trend: The window's newer half against its older one; ``unknown`` when either saw no request.
        requests: How many requests the share stands on.
        window_seconds: What the notes at hand really cover; shorter than asked for after a start.
        age_seconds: Since the last note.
    """

    share: float | None
    trend: Trend
    requests: int
    window_seconds: float
    age_seconds: float


class LatencyWindow:
    """A bounded ring of notes on the latency histogram.

    Args:
        histogram: ``names.REQUEST_DURATION``.
        target_seconds: An answer within this counts as good. On a bucket's bound the share is exact; between two bounds the bucket is
            divided linearly, as Prometheus does; above the highest finite bound its bucket counts as too slow.
        window_seconds: How far back is looked.
        interval_seconds: How often ``sample`` is called; bounds the ring.
        health_routes: Route labels that are not users' requests.
        monotonic: Seconds.
    """

    def __init__(
        self,
        histogram: Histogram,
        *,
        target_seconds: float,
        window_seconds: float,
        interval_seconds: float,
        health_routes: Collection[str],
        monotonic: Callable[[], float],
    ) -> None:
        self._histogram = histogram
        self._window_seconds = window_seconds
        self._health_routes = frozenset(health_routes)
        self._monotonic = monotonic
        self._weights = bucket_weights(histogram._upper_bounds, target_seconds)
        self._keep = math.ceil(window_seconds / interval_seconds) + 2
        # A tuple that is replaced whole: a native thread may read while the hub takes a note.
        self._notes: tuple[Totals, ...] = (Totals(monotonic()),)

    def sample(self) -> None:
        """Take a note; called by the background loop once an interval."""
        now = self._monotonic()
        notes = (*self._notes, self._totals(now))[-self._keep :]
        # One note from before the window stays: it is what the window is compared with.
        while len(notes) > 2 and notes[1].at_seconds <= now - self._window_seconds:
            notes = notes[1:]
        self._notes = notes

    def _totals(self, now: float) -> Totals:
        requests = within = health_requests = health_seconds = 0.0
        # The children are read as they are: collecting the family builds an object a bucket, 15 ms for 300 children against 1 ms.
        children = cast(dict[tuple[str, ...], Histogram], self._histogram._metrics)
        for labels, child in list(children.items()):
            counts = [bucket.get() for bucket in child._buckets]
            if labels[_ROUTE] in self._health_routes:
                health_requests += sum(counts)
                health_seconds += child._sum.get()
            else:
                requests += sum(counts)
                within += sum(map(mul, counts, self._weights))
        return Totals(now, requests, within, health_requests, health_seconds)

    def sla(self) -> Sla:
        """The share within the target, from the notes at hand."""
        notes = self._notes
        first, last = notes[0], notes[-1]
        middle_seconds = (first.at_seconds + last.at_seconds) / 2
        middle = min(notes, key=lambda note: abs(note.at_seconds - middle_seconds))
        return Sla(
            share=_share(first, last),
            trend=_trend(_share(first, middle), _share(middle, last)),
            requests=int(last.requests - first.requests),
            window_seconds=last.at_seconds - first.at_seconds,
            age_seconds=self._monotonic() - last.at_seconds,
        )

    def health_average_seconds(self, this_one_seconds: float) -> float:
        """Average time of the health routes over the window, the answer being made included.

        Args:
            this_one_seconds: Time that it took so far; the whole average when no other is known.
        """
        notes = self._notes
        count = notes[-1].health_requests - notes[0].health_requests
        seconds = notes[-1].health_seconds - notes[0].health_seconds
        return (seconds + this_one_seconds) / (count + 1)


def bucket_weights(upper_bounds: Collection[float], target_seconds: float) -> tuple[float, ...]:
    """Share of each bucket's observations that lie within the target.

    Args:
        upper_bounds: Ascending, the last one infinite; each bucket counts what is above the bound before it.
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


def _share(before: Totals, after: Totals) -> float | None:
    requests = after.requests - before.requests
    return (after.within - before.within) / requests if requests > 0 else None


def _trend(older: float | None, newer: float | None) -> Trend:
    if older is None or newer is None:
        return "unknown"
    if abs(newer - older) < TREND_STEP:
        return "steady"
    return "rising" if newer > older else "falling"
