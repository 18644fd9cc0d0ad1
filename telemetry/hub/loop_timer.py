"""The turns of the hub: how long each kept every other greenlet waiting.

Two libev watchers, one before and one after the loop's poll for events, take the time; 0.5 µs a
turn for both. They run on the hub at every turn, so they only add up: what a long turn means is
decided in ``sampler``.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from gevent.hub import Hub
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from telemetry.names import HUB_LAG

_LOWEST: Final = -2
_HIGHEST: Final = 2
_KEPT_TURNS: Final = 64


@dataclass(frozen=True, slots=True)
class LongTurn:
    """One turn that reached the threshold.

    Args:
        began: ``perf_counter`` seconds at which the loop had its events.
        ended: ``perf_counter`` seconds at which it polled for the next.
        hub_cpu: CPU seconds of the hub's thread at its end.
        process_cpu: CPU seconds of the process at its end.
    """

    began: float
    ended: float
    hub_cpu: float
    process_cpu: float


class LoopTimer:
    """Times every turn and keeps the long ones.

    Args:
        threshold_seconds: Duration from which on a turn is long.
    """

    def __init__(self, threshold_seconds: float) -> None:
        self.began = 0.0
        """``perf_counter`` seconds at which the present turn began; 0 while the hub polls."""
        self.long_turns: deque[LongTurn] = deque(maxlen=_KEPT_TURNS)
        self.threshold_seconds = threshold_seconds
        self._bounds = HUB_LAG.buckets
        self._counts = [0] * (len(self._bounds) + 1)
        self._seconds = 0.0
        self._watchers: list[Any] = []

    def start(self, hub: Hub) -> None:
        """Time the turns of a hub from now on; from the hub's own thread."""
        # Lowest before the poll: after gevent's own watcher, which runs the greenlets that are
        # ready. Highest after it: before any other.
        before = hub.loop.prepare(ref=False, priority=_LOWEST)
        after = hub.loop.check(ref=False, priority=_HIGHEST)
        before.start(self._turn_ends)
        after.start(self._turn_begins)
        self._watchers = [before, after]

    def stop(self) -> None:
        """Stop timing; from the hub's thread."""
        for watcher in self._watchers:
            watcher.stop()
            watcher.close()
        self._watchers = []
        self.began = 0.0

    def ended_turns(self) -> int:
        """Return the number of turns that have ended."""
        return sum(self._counts)

    def describe(self) -> Iterable[Metric]:
        """Return the family without samples."""
        return [HistogramMetricFamily(HUB_LAG.name, HUB_LAG.help)]

    def collect(self) -> Iterable[Metric]:
        """Return the histogram of all turns; only the hub's thread writes it, so it has no lock."""
        cumulated = accumulate(self._counts)
        bounds = [floatToGoString(bound) for bound in (*self._bounds, float("inf"))]  # type: ignore[no-untyped-call]
        return [
            HistogramMetricFamily(
                HUB_LAG.name, HUB_LAG.help, list(zip(bounds, cumulated, strict=True)), self._seconds
            )
        ]

    def _turn_begins(self) -> None:
        self.began = time.perf_counter()

    def _turn_ends(self) -> None:
        began = self.began
        if began:
            now = time.perf_counter()
            seconds = now - began
            self._counts[bisect_left(self._bounds, seconds)] += 1
            self._seconds += seconds
            if seconds >= self.threshold_seconds:
                # No clock that lets other threads run: the sampling thread would find the hub here
                # instead of the code that held it.
                self.long_turns.append(
                    LongTurn(began, now, time.thread_time(), time.process_time())
                )
            # Last: for other threads a turn has not ended before its ``LongTurn`` is appended.
            self.began = 0.0
