"""The native thread that samples the hub: whether it is held, for how long, and by which code.

Every 25 ms it takes a sample of the hub's present turn. It never waits for the hub and the hub
never waits for it: it collects the samples of a turn that lasts and, when the turn has ended,
reports one block; a long one also meanwhile. Idle that takes 0.4 % of a core, most of it for
waking up.

The stack comes first, before anything that lets another thread run: a call that kept the
interpreter is then still on it, for the thread that asked for the interpreter gets it as that call
ends.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from telemetry.greenlets import places_of_thread
from telemetry.guard import Guard
from telemetry.hub.attribution import (
    CauseSeconds,
    Gap,
    main_cause,
    seconds_by_cause,
)
from telemetry.hub.block_log import HubBlock
from telemetry.hub.clocks import Usage
from telemetry.hub.code_names import frames_that_ran
from telemetry.hub.culprits import Culprit, Shares
from telemetry.hub.lateness import LATE_SECONDS, Lateness
from telemetry.hub.loop_timer import LongTurn
from telemetry.hub.sampled_hub import Reading, SampledHub
from telemetry.hub.samples import Sample, SeenHub
from telemetry.hub.threads import FRAMES, OtherThreads
from telemetry.native import sleep

SAMPLE_EVERY_SECONDS: Final = 0.025
LATE_FOR_THREADS_SECONDS: Final = 0.015
"""From this on another thread may be the reason."""
TURNS_IN_A_GAP: Final = 20
"""A hub that took more turns than this while the sampling thread could not run was not frozen."""
LASTING_EVERY_SECONDS: Final = 1.0
"""Interval in which a block that lasts is reported, before it is known how long it is."""
SAMPLES_PER_CLEANUP: Final = 40
"""Once a second, ended greenlets that something still refers to leave the count."""


@dataclass(slots=True)
class _Tick:
    """One wake-up.

    Args:
        at: ``perf_counter`` seconds.
        late: Seconds after it was due.
        sample: What ran; ``None`` while the hub polls.
        turns: Turns of the hub that had ended at the tick before.
        thread_code: Code of another thread that may have kept the interpreter, or empty.
    """

    at: float
    late: float
    sample: Sample | None
    turns: int
    thread_code: str = ""


class HubSampler:
    """One sampling thread; only that thread touches its state, but for ``stop``.

    Args:
        hub: The hub to sample.
        seen: Where samples, readings and gaps go.
        report: Called in this thread with each block.
        report_lasting: Called in this thread with the culprits until now of a block that lasts.
        guard: For native threads; stands around each sample.
        profile: Called in this thread with each sample.
        sample_every_seconds: Interval.
    """

    def __init__(
        self,
        hub: SampledHub,
        seen: SeenHub,
        report: Callable[[HubBlock], None],
        report_lasting: Callable[[Sequence[Culprit]], None],
        guard: Guard,
        *,
        profile: Callable[[Sample], None] = lambda _: None,
        sample_every_seconds: float = SAMPLE_EVERY_SECONDS,
    ) -> None:
        self._hub = hub
        self._timer = hub.timer
        self._seen = seen
        self._report = report
        self._report_lasting = report_lasting
        self._reported_at = 0.0
        self._profile = profile
        self._guard = guard
        self._sample_every_seconds = sample_every_seconds
        self._last = Reading(Usage(0.0, 0.0, 0.0), 0.0, 0, 0.0)
        self._turn_began = 0.0
        self._before_turn = self._last
        self._shares = Shares()
        self._stopped = False

    def run(self) -> None:
        """Take samples until stopped."""
        self._lateness = self._seen.lateness = Lateness(self._seen.gaps, self._sample_every_seconds)
        self._threads = OtherThreads(self._hub.thread, self._hub.names)
        self._seen.threads = self._threads
        self._last = self._read()
        self._seen.usages.append((time.perf_counter_ns(), self._last.usage))
        count = 0
        while not self._stopped:
            sleep(self._sample_every_seconds)
            count += 1
            with self._guard.at("hub.watch"):
                self._tick()
                if count % SAMPLES_PER_CLEANUP == 0:
                    self._threads.read()
                    self._hub.greenlets()
        self._seen.lateness = self._seen.threads = None
        self._lateness.close()
        self._hub.clocks.close()

    def stop(self) -> None:
        """End ``run`` before its next sample."""
        self._stopped = True

    def _tick(self) -> None:
        at_ns, turn_began = time.perf_counter_ns(), self._timer.began
        at = at_ns / 1e9
        late = at - self._last.at - self._sample_every_seconds
        tick = _Tick(
            at, late, self._sample(at_ns, turn_began) if turn_began else None, self._last.turns
        )
        self._lateness.woke_up(at, late)
        if tick.sample is None and self._is_quiet(tick):
            return
        if late >= LATE_FOR_THREADS_SECONDS:
            tick.thread_code = self._threads.busiest_code()
            if tick.thread_code:
                kept = at_ns - int(late * 1e9), at_ns, tick.thread_code
                self._seen.thread_codes.append(kept)
        if tick.sample is not None:
            tick.sample.thread_code = tick.thread_code
            self._seen.samples.append(tick.sample)
        # From here on the hub may run.
        now = self._read()
        self._seen.usages.append((at_ns, now.usage))
        self._evaluate(tick, now)

    def _sample(self, at_ns: int, turn_began: float) -> Sample:
        record, since_ns = self._hub.running()
        frames = places_of_thread(self._hub.thread, self._hub.names.place, FRAMES)
        began_ns = max(since_ns, int(turn_began * 1e9), int(self._last.at * 1e9))
        return Sample(at_ns, turn_began, max(0, at_ns - began_ns), record, frames_that_ran(frames))

    def _read(self) -> Reading:
        # The totals first: the hub may run in between, and they must not include what a turn that
        # is not in this reading uses.
        usage = self._hub.clocks.read()
        return Reading(usage, time.perf_counter(), self._timer.ended_turns(), self._timer.began)

    def _is_quiet(self, tick: _Tick) -> bool:
        """Return whether nothing happened since the last sample: the cost of an idle service."""
        last = self._last
        if (
            self._timer.long_turns
            or tick.late > LATE_SECONDS
            or self._timer.ended_turns() != last.turns
        ):
            return False
        last.at, last.usage.process_cpu = tick.at, time.process_time()
        self._lateness.rest()
        return True

    def _evaluate(self, tick: _Tick, now: Reading) -> None:
        last, self._last = self._last, now
        gap, waited = self._lateness.settle(now.usage.runs - last.usage.runs)
        sample = tick.sample
        if sample is not None:
            self._weigh(sample, tick.late, waited, now.usage.since(last.usage))
            if sample.turn_began == self._turn_began:
                self._shares.add(sample)
        turns = self._take_long_turns(last, now, sample)
        if now.at - (now.began or now.at) < self._timer.threshold_seconds:
            self._check_between_turns(gap, turns, now.usage.since(last.usage), tick)
        self._enter_turn(sample, last)
        if sample is not None:
            if sample.turn_began == now.began:
                self._check_lasting(now)
            self._profile(sample)

    def _weigh(self, sample: Sample, late: float, waited: float, used: Usage) -> None:
        """Decide what time a sample stands for, and what its cause was."""
        certain = math.inf
        if late >= LATE_FOR_THREADS_SECONDS and not any(each.name.own for each in sample.frames):
            # What kept the interpreter has returned, and another thread got it before this one.
            certain = self._sample_every_seconds
        elif waited > LATE_SECONDS:
            # The thread may have asked for the interpreter late: other code may have run before.
            certain = max(0.0, late - waited - LATE_SECONDS) + self._sample_every_seconds
        if sample.weight_ns > certain * 1e9:
            sample.weight_ns = int(certain * 1e9)
        at = sample.at_ns / 1e9
        seconds = seconds_by_cause(at - sample.weight_ns / 1e9, at, used, self._seen.gaps)
        sample.cause = main_cause(seconds)
        sample.parts = {cause: int(part * 1e9) for cause, part in seconds.items() if part > 0}

    def _enter_turn(self, sample: Sample | None, last: Reading) -> None:
        if sample is not None and sample.turn_began != self._turn_began:
            self._turn_began, self._before_turn = sample.turn_began, last
            self._shares = Shares()
            self._shares.add(sample)

    def _take_long_turns(
        self, last: Reading, now: Reading, sample: Sample | None
    ) -> list[LongTurn]:
        taken = []
        while self._timer.long_turns:
            turn = self._timer.long_turns.popleft()
            taken.append(turn)
            if sample is not None and sample.turn_began == turn.began:
                self._enter_turn(sample, last)
            # A turn that began and ended between two samples is in none.
            sampled = turn.began == self._turn_began
            before = self._before_turn if sampled else last
            at_end = Usage(turn.hub_cpu, now.usage.thread_ready, turn.process_cpu, now.usage.runs)
            used = at_end.since(before.usage)
            self._report_block(
                seconds_by_cause(turn.began, turn.ended, used, self._seen.gaps),
                self._shares if sampled else Shares(),
            )
        return taken

    def _report_block(self, seconds: CauseSeconds, shares: Shares) -> None:
        holder = shares.holder(seconds, self._timer.threshold_seconds)
        self._report(HubBlock(time.time(), seconds, shares.culprits(seconds), holder))

    def _check_lasting(self, now: Reading) -> None:
        """Report the present turn, if it has lasted for long since it began or was reported."""
        if now.at - max(self._turn_began, self._reported_at) >= LASTING_EVERY_SECONDS:
            self._reported_at = now.at
            used = now.usage.since(self._before_turn.usage)
            seconds = seconds_by_cause(self._turn_began, now.at, used, self._seen.gaps)
            self._report_lasting(self._shares.culprits(seconds))

    def _check_between_turns(
        self, gap: Gap | None, turns: list[LongTurn], used: Usage, tick: _Tick
    ) -> None:
        """Report a block while the hub was idle or about to wake, which is in no turn."""
        held = 0.0
        if gap is not None and self._last.turns - tick.turns <= TURNS_IN_A_GAP:
            reported = sum(gap.overlap_seconds(turn.began, turn.ended) for turn in turns)
            held = max(0.0, gap.ended - gap.began - reported)
        # What the thread waited for a processor is a cause of its long turns.
        ready = 0.0 if turns else used.thread_ready
        if max(held, ready) < self._timer.threshold_seconds:
            return
        gil = max(0.0, min(held, used.process_cpu - used.thread_cpu))
        if gap is not None and gap.cause in ("gil", "blocked"):
            # A hub that waits for events needs no interpreter: who has it is another thread.
            gil = held
        shares = Shares()
        if tick.thread_code:
            shares.add_thread(tick.thread_code, int(held * 1e9))
        frozen = max(held, ready) - gil
        self._report_block({"cpu": 0.0, "blocked": 0.0, "gil": gil, "frozen": frozen}, shares)
