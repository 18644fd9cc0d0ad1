"""The native thread that samples the hub: whether it is held, for how long, and by which code.

Every 25 ms it takes a sample of the hub's present turn. It never waits for the hub and the hub
never waits for it: it collects the samples of a turn that lasts and, when the turn has ended,
reports one block. Idle that takes 0.4 % of a core, most of it for waking up.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from telemetry.greenlets import LiveGreenlets, running_request, stack_of_thread
from telemetry.guard import Guard
from telemetry.hub.attribution import Gap, seconds_by_cause
from telemetry.hub.block_log import Holder, HubBlock
from telemetry.hub.clocks import Clocks, Usage
from telemetry.hub.loop_timer import LongTurn, LoopTimer
from telemetry.native import sleep
from telemetry.requests.record import RequestRecord

BLOCKED_AFTER_SECONDS: Final = 0.1
SAMPLE_EVERY_SECONDS: Final = 0.025
LATE_SECONDS: Final = 0.005
"""A sample that comes this much too late means that the thread could not run; less is usual for the
operating system.
"""
TURNS_IN_A_GAP: Final = 20
"""A hub that took more turns than this while the sampling thread could not run was not frozen."""
MOST_HOLDERS: Final = 16
SAMPLES_PER_CLEANUP: Final = 40
"""Once a second, ended greenlets that something still refers to leave the count."""


@dataclass(frozen=True, slots=True)
class SampledHub:
    """The parts of a hub that samples read, all from any thread.

    Args:
        thread: Identifier of the hub's thread.
        clocks: Of the hub's thread; closed when ``HubSampler.run`` ends.
        timer: The turns of the hub.
        greenlets: The greenlets of the hub, cleaned of ended ones now and then.
        in_flight: The requests in flight.
    """

    thread: int
    clocks: Clocks
    timer: LoopTimer
    greenlets: LiveGreenlets
    in_flight: Callable[[], Iterable[RequestRecord]]


@dataclass(slots=True)
class _Sample:
    """The hub at one instant.

    Args:
        usage: The totals of the hub's thread.
        at: ``perf_counter`` seconds.
        turns: Turns of the hub that had ended.
        began: ``perf_counter`` seconds at which the hub's present turn began; 0 while it polls.
    """

    usage: Usage
    at: float
    turns: int
    began: float


class HubSampler:
    """One sampling thread; only that thread touches its state, but for ``stop``.

    Args:
        hub: The hub to sample.
        report: Called in this thread with each block.
        guard: For native threads; stands around each sample.
        sample_every_seconds: Interval.
    """

    def __init__(
        self,
        hub: SampledHub,
        report: Callable[[HubBlock], None],
        guard: Guard,
        *,
        sample_every_seconds: float = SAMPLE_EVERY_SECONDS,
    ) -> None:
        self._hub = hub
        self._timer = hub.timer
        self._report = report
        self._guard = guard
        self._sample_every_seconds = sample_every_seconds
        self._late_seconds = 0.0
        self._own_ready = 0.0
        self._gaps: deque[Gap] = deque(maxlen=64)
        self._last = _Sample(Usage(0.0, 0.0, 0.0), 0.0, 0, 0.0)
        self._turn_began = 0.0
        self._before_turn = self._last
        self._holders: dict[int, Holder] = {}
        self._samples = 0
        self._stopped = False

    def run(self) -> None:
        """Take samples until stopped."""
        own_clocks = Clocks()
        self._last = self._sample()
        count = 0
        while not self._stopped:
            sleep(self._sample_every_seconds)
            count += 1
            with self._guard.at("hub.watch"):
                if not self._is_quiet():
                    self._evaluate(self._sample(), own_clocks)
                if count % SAMPLES_PER_CLEANUP == 0:
                    self._hub.greenlets()
        own_clocks.close()
        self._hub.clocks.close()

    def stop(self) -> None:
        """End ``run`` before its next sample."""
        self._stopped = True

    def _sample(self) -> _Sample:
        # The totals first: the hub may run in between, and they must not include what a turn that
        # is not in this sample uses.
        usage = self._hub.clocks.read()
        return _Sample(usage, time.perf_counter(), self._timer.ended_turns(), self._timer.began)

    def _is_quiet(self) -> bool:
        """Return whether nothing happened since the last sample: the cost of an idle service."""
        last, at = self._last, time.perf_counter()
        if (
            self._timer.began
            or self._timer.long_turns
            or at - last.at - self._sample_every_seconds > LATE_SECONDS
        ):
            return False
        if self._timer.ended_turns() != last.turns:
            return False
        last.at, last.usage.process_cpu = at, time.process_time()
        return True

    def _evaluate(self, now: _Sample, own_clocks: Clocks) -> None:
        last, self._last = self._last, now
        began = now.began
        gap = self._gap(last.at + self._sample_every_seconds, now.at, own_clocks)
        turns = self._take_long_turns(last, now)
        if now.at - (began or now.at) < self._timer.threshold_seconds:
            self._check_between_turns(gap, turns, last, now)
        if began != self._turn_began:
            self._turn_began, self._before_turn = began, last
            self._holders, self._samples = {}, 0
        if began and now.at - began >= self._timer.threshold_seconds / 2:
            self._sample_holder()

    def _take_long_turns(self, last: _Sample, now: _Sample) -> list[LongTurn]:
        taken = []
        while self._timer.long_turns:
            turn = self._timer.long_turns.popleft()
            taken.append(turn)
            # A turn that began and ended between two samples is in none.
            sampled = turn.began == self._turn_began
            before = self._before_turn if sampled else last
            at_end = Usage(turn.hub_cpu, now.usage.thread_ready, turn.process_cpu)
            used = at_end.since(before.usage)
            holder = (
                max(self._holders.values(), key=lambda each: each.samples, default=None)
                if sampled
                else None
            )
            seconds = seconds_by_cause(turn.began, turn.ended, used, self._gaps)
            self._report(HubBlock(seconds, holder, self._samples))
        return taken

    def _gap(self, due: float, at: float, own_clocks: Clocks) -> Gap | None:
        # A thread that is on time cannot have waited for a processor: it reads its own wait only
        # when that may have been long enough.
        self._late_seconds += max(0.0, at - due)
        if self._late_seconds <= LATE_SECONDS:
            return None
        self._late_seconds = 0.0
        own_ready = own_clocks.read_ready()
        waited, self._own_ready = own_ready - self._own_ready, own_ready
        if at - due - waited <= LATE_SECONDS:
            return None
        gap = Gap(due + waited, at)
        self._gaps.append(gap)
        return gap

    def _check_between_turns(
        self, gap: Gap | None, turns: list[LongTurn], last: _Sample, now: _Sample
    ) -> None:
        """Report a block while the hub was idle or about to wake, which is in no turn."""
        used = now.usage.since(last.usage)
        held = 0.0
        if gap is not None and now.turns - last.turns <= TURNS_IN_A_GAP:
            reported = sum(gap.overlap_seconds(turn.began, turn.ended) for turn in turns)
            held = gap.ended - gap.began - reported
        # What the thread waited for a processor is a cause of its long turns.
        ready = 0.0 if turns else used.thread_ready
        if max(held, ready) >= self._timer.threshold_seconds:
            gil = max(0.0, min(held, used.process_cpu - used.thread_cpu))
            frozen = max(held, ready) - gil
            self._report(
                HubBlock({"cpu": 0.0, "blocked": 0.0, "gil": gil, "frozen": frozen}, None, 0)
            )

    def _sample_holder(self) -> None:
        self._samples += 1
        request = running_request(self._hub.in_flight)
        holder = self._holders.get(id(request))
        if holder is None:
            if len(self._holders) == MOST_HOLDERS:
                return
            holder = self._holders[id(request)] = Holder(request)
        holder.samples += 1
        holder.stack = stack_of_thread(self._hub.thread)
