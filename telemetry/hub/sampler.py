"""The native thread that watches the hub: is it held, for how long, by what and by whom.

Every 25 ms it looks at the turn that the hub is in. It never waits for the hub and the hub never
waits for it: it collects what it sees of a turn that lasts and, when that has ended, hands on one
finding. Idle that takes 0.4 % of a core, most of it for waking up.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from telemetry.greenlets import LivingGreenlets, running_request, stack_of_thread
from telemetry.guard import Guard
from telemetry.hub.attribution import Gap, shares_of
from telemetry.hub.block_log import Finding, Holder
from telemetry.hub.clocks import Clocks, Usage
from telemetry.hub.loop_timer import Block, Turns
from telemetry.native import sleep
from telemetry.requests.record import RequestRecord

BLOCKED_AFTER_SECONDS: Final = 0.1
LOOK_EVERY_SECONDS: Final = 0.025
LATE_SECONDS: Final = 0.005
"""A look that comes this much too late tells that the thread could not run; less is the operating
system's usual.
"""
TURNS_IN_A_GAP: Final = 20
"""A hub that went on turning while the watching thread did not run was not frozen."""
HOLDERS: Final = 16
LOOKS_A_COUNT: Final = 40
"""Greenlets that have ended and are still referred to leave the count once a second."""


@dataclass(slots=True)
class _Look:
    """What one look saw.

    Args:
        usage: The totals of the hub's thread.
        at: When it was; ``perf_counter`` seconds.
        turns: Turns of the hub that had ended.
        began: When the hub's present turn began, ``perf_counter`` seconds; 0 while it polls.
    """

    usage: Usage
    at: float
    turns: int
    began: float


class Watcher:
    """One watching thread; its state is touched by it alone but for ``stop``.

    Args:
        hub_thread: Identifier of the hub's thread.
        clocks: Of the hub's thread; closed when ``run`` ends.
        turns: What the hub tells of its turns.
        greenlets: Kept clear of those that have ended.
        in_flight: The requests in flight, readable from any thread.
        found: Called in this thread with each finding.
        guard: For native threads; stands around each look.
        look_every_seconds: How often to look.
    """

    def __init__(
        self,
        hub_thread: int,
        clocks: Clocks,
        turns: Turns,
        greenlets: LivingGreenlets,
        in_flight: Callable[[], Iterable[RequestRecord]],
        found: Callable[[Finding], None],
        guard: Guard,
        *,
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        self._hub_thread = hub_thread
        self._clocks = clocks
        self._turns = turns
        self._greenlets = greenlets
        self._in_flight = in_flight
        self._found = found
        self._guard = guard
        self._look_every_seconds = look_every_seconds
        self._late_seconds = 0.0
        self._own_ready = 0.0
        self._gaps: deque[Gap] = deque(maxlen=64)
        self._last = _Look(Usage(0.0, 0.0, 0.0), 0.0, 0, 0.0)
        self._turn_began = 0.0
        self._before_turn = self._last
        self._holders: dict[int, Holder] = {}
        self._looks = 0
        self._stopped = False

    def run(self) -> None:
        """Look again and again until stopped."""
        own_clocks = Clocks()
        self._last = self._look()
        looks = 0
        while not self._stopped:
            sleep(self._look_every_seconds)
            looks += 1
            with self._guard.at("hub.watch"):
                if not self._is_quiet():
                    self._watch(self._look(), own_clocks)
                if looks % LOOKS_A_COUNT == 0:
                    self._greenlets()
        own_clocks.close()
        self._clocks.close()

    def stop(self) -> None:
        """End ``run`` before its next look."""
        self._stopped = True

    def _look(self) -> _Look:
        # The totals first: the hub may take over in between, and they must not count what a turn
        # that is not seen yet uses.
        usage = self._clocks.read()
        return _Look(usage, time.perf_counter(), self._turns.number(), self._turns.began)

    def _is_quiet(self) -> bool:
        """Nothing has happened since the last look: what an idle service costs is this."""
        last, at = self._last, time.perf_counter()
        if (
            self._turns.began
            or self._turns.blocks
            or at - last.at - self._look_every_seconds > LATE_SECONDS
        ):
            return False
        if self._turns.number() != last.turns:
            return False
        last.at, last.usage.process_cpu = at, time.process_time()
        return True

    def _watch(self, now: _Look, own_clocks: Clocks) -> None:
        last, self._last = self._last, now
        began = now.began
        gap = self._gap(last.at + self._look_every_seconds, now.at, own_clocks)
        blocks = self._take_blocks(last, now)
        if not blocks and now.at - (began or now.at) < self._turns.threshold_seconds:
            self._look_between_turns(gap, last, now)
        if began != self._turn_began:
            self._turn_began, self._before_turn = began, last
            self._holders, self._looks = {}, 0
        if began and now.at - began >= self._turns.threshold_seconds / 2:
            self._see_holder()

    def _take_blocks(self, last: _Look, now: _Look) -> list[Block]:
        taken = []
        while self._turns.blocks:
            block = self._turns.blocks.popleft()
            taken.append(block)
            # A turn that began and ended between two looks was never seen.
            seen = block.began == self._turn_began
            before = self._before_turn if seen else last
            at_end = Usage(block.hub_cpu, now.usage.thread_ready, block.process_cpu)
            shares = shares_of(block.began, block.ended, at_end.since(before.usage), self._gaps)
            holder = (
                max(self._holders.values(), key=lambda each: each.seen, default=None)
                if seen
                else None
            )
            self._found(Finding(shares, holder, self._looks))
        return taken

    def _gap(self, due: float, at: float, own_clocks: Clocks) -> Gap | None:
        # On time, this thread cannot have waited for a processor: it asks for how long only when it
        # may have been for long enough.
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

    def _look_between_turns(self, gap: Gap | None, last: _Look, now: _Look) -> None:
        """The hub may have been kept from running while it had nothing to do, or when it should
        have woken: no turn tells of that.
        """
        used = now.usage.since(last.usage)
        kept = (
            gap.ended - gap.began
            if gap is not None and now.turns - last.turns <= TURNS_IN_A_GAP
            else 0.0
        )
        if max(kept, used.thread_ready) >= self._turns.threshold_seconds:
            gil = max(0.0, min(kept, used.process_cpu - used.thread_cpu))
            frozen = max(kept, used.thread_ready) - gil
            self._found(
                Finding({"cpu": 0.0, "blocked": 0.0, "gil": gil, "frozen": frozen}, None, 0)
            )

    def _see_holder(self) -> None:
        self._looks += 1
        request = running_request(self._in_flight)
        holder = self._holders.get(id(request))
        if holder is None:
            if len(self._holders) == HOLDERS:
                return
            holder = self._holders[id(request)] = Holder(request)
        holder.seen += 1
        holder.stack = stack_of_thread(self._hub_thread)
