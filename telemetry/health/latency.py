"""Response times over the last minutes: share within a target, average, 95th percentile, trends.

Everything comes from the one latency histogram: ``sample`` keeps its totals once an interval, and a
verdict only compares two samples. Health routes count for themselves and for nothing else: probes
are frequent and fast and would hide what users experience.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, cast

from prometheus_client import Histogram

from telemetry import names
from telemetry.health.histogram import HistogramCounts, bucket_weights

Trend = Literal["rising", "falling", "steady", "unknown"]

TREND_STEP: Final = 0.01
"""Share by which two halves of the window have to differ before it is called a trend: one request
in a hundred.
"""

Pace = Literal["slower", "faster", "steady", "unknown"]

PACE_STEP: Final = 0.2
"""Share by which the averages of two halves of the window have to differ before it is called a
trend.
"""

_ROUTE_LABEL: Final = names.REQUEST_DURATION.labels.index(names.ROUTE)


@dataclass(frozen=True, slots=True)
class Totals:
    """The histogram's totals since the process started, at one instant.

    Args:
        at_seconds: The instant, on the window's monotonic clock.
        routes: Of users' routes.
        health: Of health routes.
    """

    at_seconds: float
    routes: HistogramCounts
    health: HistogramCounts


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Response times over the window.

    Args:
        requests: Number that the rest is based on; without any it is ``None`` and ``unknown``.
        average_seconds: Average of a request.
        p95_seconds: 95th percentile; as exact as the histogram's buckets.
        trend: The average of the window's newer half against that of its older one.
        share: 0 to 1, within the target.
    """

    requests: int
    average_seconds: float | None
    p95_seconds: float | None
    trend: Pace
    share: float | None


@dataclass(frozen=True, slots=True)
class Sla:
    """Share of requests within the target over the window.

    Args:
        share: 0 to 1, or ``None`` when no request has been seen in the window.
        trend: The window's newer half against its older one; ``unknown`` when either saw no
            request.
        requests: Number of requests that the share is based on.
        window_seconds: What the samples really cover; shorter than configured after a start.
        age_seconds: Since the last sample.
    """

    share: float | None
    trend: Trend
    requests: int
    window_seconds: float
    age_seconds: float


class LatencyWindow:
    """A bounded ring of samples of the latency histogram.

    Args:
        histogram: ``names.REQUEST_DURATION``.
        target_seconds: A response within this counts as good. On a bucket's bound the share is
            exact; between two bounds the bucket is divided linearly, as Prometheus does; above the
            highest finite bound its bucket counts as too slow.
        window_seconds: Length of the window.
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
        self._bounds = tuple(histogram._upper_bounds)
        self._weights = bucket_weights(self._bounds, target_seconds)
        self._keep = math.ceil(window_seconds / interval_seconds) + 2
        nothing = HistogramCounts((0.0,) * len(self._bounds))
        # A tuple that is replaced whole: a native thread may read while the hub takes a sample.
        self._samples: tuple[Totals, ...] = (Totals(monotonic(), routes=nothing, health=nothing),)

    def sample(self) -> None:
        """Take a sample; called by the background loop once an interval."""
        now = self._monotonic()
        samples = (*self._samples, self._totals(now))[-self._keep :]
        # One sample from before the window stays: it is what the window is compared with.
        while len(samples) > 2 and samples[1].at_seconds <= now - self._window_seconds:
            samples = samples[1:]
        self._samples = samples

    def _totals(self, now: float) -> Totals:
        counts: dict[bool, list[list[float]]] = {True: [], False: []}
        seconds = {True: 0.0, False: 0.0}
        # The children are read as they are: collecting the family builds an object a bucket, 15 ms
        # for 300 children against 1 ms.
        children = cast(dict[tuple[str, ...], Histogram], self._histogram._metrics)
        for labels, child in list(children.items()):
            is_health = labels[_ROUTE_LABEL] in self._health_routes
            counts[is_health].append([bucket.get() for bucket in child._buckets])
            seconds[is_health] += child._sum.get()
        nothing = (0.0,) * len(self._bounds)
        routes, health = (
            HistogramCounts(
                tuple(map(sum, zip(nothing, *counts[kind], strict=True))), seconds[kind]
            )
            for kind in (False, True)
        )
        return Totals(now, routes, health)

    def sla(self) -> Sla:
        """Return the share within the target, from the samples so far."""
        first, middle, last = self._halves()
        older, newer = middle.routes.since(first.routes), last.routes.since(middle.routes)
        whole = last.routes.since(first.routes)
        return Sla(
            share=whole.share_within(self._weights),
            trend=_trend(older.share_within(self._weights), newer.share_within(self._weights)),
            requests=int(whole.requests),
            window_seconds=last.at_seconds - first.at_seconds,
            age_seconds=self._monotonic() - last.at_seconds,
        )

    def route_times(self) -> ResponseTimes:
        """Return the response times of users' routes."""
        return self._times(*(totals.routes for totals in self._halves()))

    def health_times(self) -> ResponseTimes:
        """Return the response times of health routes."""
        return self._times(*(totals.health for totals in self._halves()))

    def health_average_seconds(self, this_one_seconds: float) -> float:
        """Return the average time of the health routes, the response being made included.

        Args:
            this_one_seconds: Time that it took so far; the whole average when no other is known.
        """
        samples = self._samples
        others = samples[-1].health.since(samples[0].health)
        return (others.seconds + this_one_seconds) / (others.requests + 1)

    def _halves(self) -> tuple[Totals, Totals, Totals]:
        samples = self._samples
        first, last = samples[0], samples[-1]
        middle_seconds = (first.at_seconds + last.at_seconds) / 2
        middle = min(samples, key=lambda totals: abs(totals.at_seconds - middle_seconds))
        return first, middle, last

    def _times(
        self, first: HistogramCounts, middle: HistogramCounts, last: HistogramCounts
    ) -> ResponseTimes:
        whole = last.since(first)
        return ResponseTimes(
            requests=int(whole.requests),
            average_seconds=whole.average_seconds,
            p95_seconds=whole.quantile_seconds(0.95, self._bounds),
            trend=_pace(middle.since(first).average_seconds, last.since(middle).average_seconds),
            share=whole.share_within(self._weights),
        )


def _trend(older: float | None, newer: float | None) -> Trend:
    if older is None or newer is None:
        return "unknown"
    if abs(newer - older) < TREND_STEP:
        return "steady"
    return "rising" if newer > older else "falling"


def _pace(older_seconds: float | None, newer_seconds: float | None) -> Pace:
    if older_seconds is None or newer_seconds is None:
        return "unknown"
    if abs(newer_seconds - older_seconds) <= PACE_STEP * max(older_seconds, newer_seconds):
        return "steady"
    return "slower" if newer_seconds > older_seconds else "faster"
