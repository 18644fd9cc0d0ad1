"""``HubMonitor``: exposes and logs how long the hub of one worker was held, and by which code.

It connects the parts and owns the metrics. ``loop_timer`` runs at every turn of the hub,
``sampler`` in a native thread, ``block_log`` in greenlets.
"""

import time
from collections.abc import Callable, Iterable

import gevent

from telemetry import names
from telemetry.greenlets import LiveGreenlets
from telemetry.guard import Guard
from telemetry.hub.attribution import CAUSES
from telemetry.hub.block_log import BlockLog, HubBlock
from telemetry.hub.clocks import Clocks
from telemetry.hub.loop_timer import LoopTimer
from telemetry.hub.sampler import (
    BLOCKED_AFTER_SECONDS,
    SAMPLE_EVERY_SECONDS,
    HubSampler,
    SampledHub,
)
from telemetry.metrics import Metrics
from telemetry.native import HubGuard, NativeThread, run_on_hub
from telemetry.requests.record import RequestRecord


class HubMonitor:
    """Monitors the hub of the thread that starts it.

    Args:
        metrics: Where lag, blocked seconds and greenlets are counted.
        guard: Stands around each sample.
        in_flight: The requests in flight, readable from any thread.
        blocked_after_seconds: Duration from which on a turn is a block.
        sample_every_seconds: Interval of the sampling thread.
        log: Writes the blocks; one that keeps ten seconds between two lines by default.
    """

    def __init__(
        self,
        metrics: Metrics,
        guard: Guard,
        in_flight: Callable[[], Iterable[RequestRecord]],
        *,
        log: BlockLog | None = None,
        blocked_after_seconds: float = BLOCKED_AFTER_SECONDS,
        sample_every_seconds: float = SAMPLE_EVERY_SECONDS,
    ) -> None:
        self.greenlets = LiveGreenlets()
        self._guard = guard
        self._in_flight = in_flight
        self._sample_every_seconds = sample_every_seconds
        self._timer = LoopTimer(blocked_after_seconds)
        self._log = log or BlockLog()
        self._sampler: HubSampler | None = None
        self._blocked_seconds = {
            cause: metrics.counter(names.HUB_BLOCKED).labels(cause) for cause in CAUSES
        }
        metrics.gauge(names.GREENLETS).set_function(lambda: len(self.greenlets))
        metrics.registry.register(self._timer)

    @property
    def busy_seconds(self) -> float:
        """Duration of the hub's present turn, from any thread; 0 while it waits for events."""
        began = self._timer.began
        return max(0.0, time.perf_counter() - began) if began else 0.0

    def start(self) -> None:
        """Start to monitor; after the fork, from the thread whose hub serves requests."""
        if self._sampler is not None:
            return
        hub = gevent.get_hub()

        def report(block: HubBlock) -> None:
            for cause, seconds in block.seconds_by_cause.items():
                self._blocked_seconds[cause].inc(seconds)
            run_on_hub(hub, self._log.write, block)

        self.greenlets.start()
        clocks = Clocks()
        self._timer.start(hub)
        self._sampler = HubSampler(
            SampledHub(hub.thread_ident, clocks, self._timer, self.greenlets, self._in_flight),
            report,
            HubGuard(self._guard),
            sample_every_seconds=self._sample_every_seconds,
        )
        NativeThread(self._sampler.run).start()

    def stop(self) -> None:
        """Stop; the thread ends within one interval."""
        if self._sampler is not None:
            self._timer.stop()
            self._sampler.stop()
            self._sampler = None
            self.greenlets.stop()
