"""``HubWatch``: watches the hub of one worker and says in the registry and the log what held it.

It connects the parts and owns the metrics; what happens at every turn is in ``turns``, what the
watching thread does in ``watcher``.
"""

import time
from collections.abc import Callable, Iterable

import gevent

from telemetry import names
from telemetry.greenlets import LivingGreenlets
from telemetry.guard import Guard
from telemetry.hub.attribution import BLAMES
from telemetry.hub.block_log import BlockLog, Finding
from telemetry.hub.clocks import Clocks
from telemetry.hub.loop_timer import Turns
from telemetry.hub.sampler import BLOCKED_AFTER_SECONDS, LOOK_EVERY_SECONDS, Watcher
from telemetry.metrics import Metrics
from telemetry.native import HubGuard, NativeThread, on_hub
from telemetry.requests.record import RequestRecord


class HubWatch:
    """Watches the hub of the thread that starts it.

    Args:
        metrics: Where lag, blocked seconds and greenlets are counted.
        guard: Stands around each look.
        in_flight: The requests in flight, readable from any thread.
        blocked_after_seconds: A turn that lasts this long is a block.
        look_every_seconds: How often the thread looks.
    """

    def __init__(
        self,
        metrics: Metrics,
        guard: Guard,
        in_flight: Callable[[], Iterable[RequestRecord]],
        *,
        blocked_after_seconds: float = BLOCKED_AFTER_SECONDS,
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        self.greenlets = LivingGreenlets()
        self._guard = guard
        self._in_flight = in_flight
        self._look_every_seconds = look_every_seconds
        self._turns = Turns(blocked_after_seconds)
        self._log = BlockLog()
        self._watcher: Watcher | None = None
        self._seconds = {
            blame: metrics.counter(names.HUB_BLOCKED).labels(blame) for blame in BLAMES
        }
        metrics.gauge(names.GREENLETS).set_function(lambda: len(self.greenlets))
        metrics.registry.register(self._turns)

    @property
    def busy_seconds(self) -> float:
        """How long the present turn of the hub has lasted; 0 while it waits for events. Readable
        from any thread.
        """
        began = self._turns.began
        return max(0.0, time.perf_counter() - began) if began else 0.0

    def start(self) -> None:
        """Begin to watch; after the fork, from the thread whose hub serves requests."""
        if self._watcher is not None:
            return
        hub = gevent.get_hub()

        def found(finding: Finding) -> None:
            for blame, seconds in finding.shares.items():
                self._seconds[blame].inc(seconds)
            on_hub(hub, self._log.write, finding)

        self.greenlets.start()
        clocks = Clocks()
        self._turns.start(hub)
        self._watcher = Watcher(
            hub.thread_ident,
            clocks,
            self._turns,
            self.greenlets,
            self._in_flight,
            found,
            HubGuard(self._guard),
            look_every_seconds=self._look_every_seconds,
        )
        NativeThread(self._watcher.run).start()

    def stop(self) -> None:
        """End it; the thread is gone within one look."""
        if self._watcher is not None:
            self._turns.stop()
            self._watcher.stop()
            self._watcher = None
            self.greenlets.stop()
