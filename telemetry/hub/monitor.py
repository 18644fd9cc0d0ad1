"""``HubMonitor``: exposes and logs how long the hub of one worker was held, and by which code.

It connects the parts and owns the metrics. ``loop_timer`` runs at every turn of the hub,
``sampler`` in a native thread, ``events`` on the hub after long runs, ``block_log`` in greenlets.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Self

import gevent

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.debug_page import DebugPage
from telemetry.greenlets import LiveGreenlets
from telemetry.guard import Guard
from telemetry.hub.block_log import BlockLog, HubBlock
from telemetry.hub.blocked_seconds import BlockedSeconds
from telemetry.hub.clocks import Clocks
from telemetry.hub.code_names import CodeNames
from telemetry.hub.events import HubEvents
from telemetry.hub.loop_timer import LoopTimer
from telemetry.hub.profile import Profile
from telemetry.hub.profile_pages import profile_page
from telemetry.hub.sampled_hub import Accounts, Running, SampledHub, running_in
from telemetry.hub.sampler import SAMPLE_EVERY_SECONDS, HubSampler
from telemetry.hub.samples import SeenHub
from telemetry.hub.views import hub_page, hub_view
from telemetry.metrics import Metrics
from telemetry.native import HubGuard, NativeThread, run_on_hub
from telemetry.requests.record import RequestRecord

BLOCKED_AFTER_SECONDS: Final = 0.05
KEPT_BLOCKS: Final = 50


class HubMonitor:
    """Monitors the hub of the thread that starts it.

    Args:
        metrics: Where lag, blocked seconds and greenlets are counted.
        guard: Stands around each sample.
        in_flight: The requests in flight, readable from any thread.
        log: Writes the blocks; one that keeps ten seconds between two lines of a culprit by
            default.
        blocked_after_seconds: Duration from which on a turn is a block.
        own_code: Packages that are the application's; see ``CodeNames``.
        sample_every_seconds: Interval of the sampling thread.
    """

    def __init__(
        self,
        metrics: Metrics,
        guard: Guard,
        in_flight: Callable[[], Iterable[RequestRecord]],
        *,
        log: BlockLog | None = None,
        blocked_after_seconds: float = BLOCKED_AFTER_SECONDS,
        own_code: Iterable[str] = (),
        sample_every_seconds: float = SAMPLE_EVERY_SECONDS,
    ) -> None:
        self.greenlets = LiveGreenlets()
        self.running: Running = running_in(in_flight)
        """What runs now, from any thread; the sampling thread reads it. Set before ``start``."""
        self.profile = Profile(sample_every_seconds)
        self.seen = SeenHub()
        self._guard = guard
        self._names = CodeNames(own_code)
        self._sample_every_seconds = sample_every_seconds
        self._timer = LoopTimer(blocked_after_seconds)
        self._log = log or BlockLog()
        self._blocked = BlockedSeconds()
        self._blocks: deque[HubBlock] = deque(maxlen=KEPT_BLOCKS)
        self._sampler: HubSampler | None = None
        self._events: HubEvents | None = None
        metrics.gauge(names.GREENLETS).set_function(lambda: len(self.greenlets))
        metrics.registry.register(self._timer)
        metrics.registry.register(self._blocked)

    @classmethod
    def of(
        cls,
        config: TelemetryConfig,
        metrics: Metrics,
        guard: Guard,
        in_flight: Callable[[], Iterable[RequestRecord]],
    ) -> Self:
        """Return one with the settings of a process; see the class."""
        return cls(
            metrics,
            guard,
            in_flight,
            blocked_after_seconds=config.hub_blocked_seconds,
            own_code=config.own_code,
        )

    @property
    def busy_seconds(self) -> float:
        """Duration of the hub's present turn, from any thread; 0 while it waits for events."""
        began = self._timer.began
        return max(0.0, time.perf_counter() - began) if began else 0.0

    def follow(self, accounts: Accounts) -> None:
        """Learn from what accounts the phases which request runs; before both start."""
        accounts.long_ns = int(self._timer.threshold_seconds * 1e9)
        self._timer.turns = accounts.turns
        accounts.on_long_run, accounts.on_long_wait = self.on_long_run, self.on_long_wait
        self.running = lambda: (accounts.running, accounts.given_ns)

    def start(self) -> None:
        """Start to monitor; after the fork, from the thread whose hub serves requests."""
        if self._sampler is not None:
            return
        hub = gevent.get_hub()

        def report(block: HubBlock) -> None:
            self._blocked.add(block.culprits)
            self._blocks.append(block)
            run_on_hub(hub, self._log.write, block)

        self.greenlets.start()
        clocks = Clocks()
        self._timer.start(hub)
        self._events = HubEvents(self.seen, clocks, self._timer.threshold_seconds)
        self._sampler = HubSampler(
            SampledHub(
                hub.thread_ident, clocks, self._timer, self.greenlets, self.running, self._names
            ),
            self.seen,
            report,
            self._blocked.add_lasting,
            HubGuard(self._guard),
            profile=self.profile.add,
            sample_every_seconds=self._sample_every_seconds,
        )
        NativeThread(self._sampler.run).start()

    def stop(self) -> None:
        """Stop; the thread ends within one interval."""
        if self._sampler is not None:
            self._timer.stop()
            self._sampler.stop()
            self._sampler = self._events = None
            self.greenlets.stop()

    def on_long_run(self, record: RequestRecord | None, began_ns: int, ended_ns: int) -> None:
        """Attribute a long run; see ``HubEvents.on_long_run``. Nothing before ``start``."""
        if self._events is not None:
            self._events.on_long_run(record, began_ns, ended_ns)

    def on_long_wait(self, record: RequestRecord, ready_ns: int, ran_ns: int) -> None:
        """Attribute a long wait; see ``HubEvents.on_long_wait``. Nothing before ``start``."""
        if self._events is not None:
            self._events.on_long_wait(record, ready_ns, ran_ns)

    def complete(self, record: RequestRecord) -> None:
        """Add what a request waited before it began; a completion step."""
        if self._events is not None:
            self._events.complete(record)

    @property
    def pages(self) -> dict[str, DebugPage]:
        """The debug pages of the hub by path; called from native threads."""
        return {
            "/debug/hub": lambda _: hub_page(self.describe()),
            "/debug/profile": lambda query: profile_page(self.profile, query),
        }

    def describe(self) -> dict[str, Any]:
        """Return what the hub does and did, as plain data; from any thread."""
        return hub_view(
            self._timer, self.running, self.seen, self._blocks.copy(), self._blocked, self.profile
        )
