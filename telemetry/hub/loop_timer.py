"""The turns of the hub: how long each kept every other greenlet waiting.

``telemetry.phases.turns`` takes the time, before and after the loop's poll for events. What runs at
every turn only adds up: what a long turn means is decided in ``sampler``.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from gevent.hub import Hub
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from telemetry.names import HUB_LAG
from telemetry.phases.turns import Turns

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
        self.turns = Turns()
        """Whose they are; those of the phases, where these are accounted. Set before ``start``."""
        self._started = False
        self.long_turns: deque[LongTurn] = deque(maxlen=_KEPT_TURNS)
        self.threshold_seconds = threshold_seconds
        self._bounds = HUB_LAG.buckets
        self._counts = [0] * (len(self._bounds) + 1)
        self._seconds = 0.0

    def start(self, hub: Hub) -> None:
        """Time the turns of a hub from now on; from the hub's own thread."""
        self.turns.on_enter = self._turn_ends
        self.turns.start(hub.loop)
        self._started = True

    def stop(self) -> None:
        """Stop timing; from the hub's thread."""
        self._started = False
        self.turns.on_enter = None
        self.turns.stop()

    @property
    def began(self) -> float:
        """``perf_counter`` seconds at which the present turn began; 0 while the hub polls."""
        returned_ns = self.turns.returned_ns
        if not self._started or self.turns.entered_ns >= returned_ns:
            return 0.0
        return returned_ns / 1e9

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

    def _turn_ends(self, now_ns: int) -> None:
        # For other threads a turn has not ended before its ``LongTurn`` is appended.
        returned_ns = self.turns.returned_ns
        if returned_ns:
            seconds = (now_ns - returned_ns) / 1e9
            self._counts[bisect_left(self._bounds, seconds)] += 1
            self._seconds += seconds
            if seconds >= self.threshold_seconds:
                # No clock that lets other threads run: the sampling thread would find the hub here
                # instead of the code that held it.
                self.long_turns.append(
                    LongTurn(
                        returned_ns / 1e9, now_ns / 1e9, time.thread_time(), time.process_time()
                    )
                )
