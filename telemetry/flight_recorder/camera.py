"""Takes a snapshot of a request, from any thread, also while the hub is held.

It reads what greenlets leave behind when they switch: nothing is interrupted, and what a request's
own greenlet does meanwhile is one instant later at worst.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from greenlet import greenlet

from telemetry.flight_recorder.locks import lock_waited_for
from telemetry.flight_recorder.snapshot import GreenletStack, SeenWait, Snapshot
from telemetry.greenlets import (
    code_of,
    is_running,
    request_served_by,
    stack_of_thread,
    state_and_stack,
    waiting_code,
)
from telemetry.logs.plain import text_of
from telemetry.redaction import Redactor
from telemetry.requests.holders import Holder
from telemetry.requests.open_waits import OpenWait
from telemetry.requests.record import RequestRecord

MOST_GREENLETS: Final = 20
MOST_SEARCHED: Final = 5_000
MOST_HOLDERS: Final = 20


class Camera:
    """Takes snapshots.

    Args:
        in_flight: The requests in flight.
        greenlets: The greenlets of the hub's thread.
        holders: The connections that are out of their pools.
        redactor: Removes secrets from texts.
        hub_thread: Identifier of the hub's thread.
    """

    def __init__(
        self,
        in_flight: Callable[[], Sequence[RequestRecord]],
        greenlets: Callable[[], Iterable[greenlet]],
        holders: Callable[[], Iterable[Holder]],
        redactor: Redactor,
        hub_thread: int,
    ) -> None:
        self._in_flight = in_flight
        self._greenlets = greenlets
        self._holders = holders
        self._redactor = redactor
        self._hub_thread = hub_thread

    def take(self, record: RequestRecord) -> Snapshot:
        """Take one of a request in flight."""
        now_ns = time.perf_counter_ns()
        main = record.greenlet
        spawned = self._spawned_by(record)
        stacks = [self._stack("main", main)]
        stacks += [self._stack("spawned", each) for each in spawned[:MOST_GREENLETS]]
        return Snapshot(
            time.time_ns(),
            (now_ns - record.started_ns) / 1e9,
            record.phase_seconds_until(now_ns),
            self.open_waits(record, now_ns),
            tuple(stacks),
        )

    def _spawned_by(self, record: RequestRecord) -> list[greenlet]:
        found = []
        for number, each in enumerate(self._greenlets()):
            if number == MOST_SEARCHED:
                break
            if each is not record.greenlet and request_served_by(each) is record:
                found.append(each)
        return found

    def _stack(self, role: str, one: object) -> GreenletStack:
        return GreenletStack(role, *state_and_stack(one, lambda: stack_of_thread(self._hub_thread)))

    def open_waits(self, record: RequestRecord, now_ns: int) -> tuple[SeenWait, ...]:
        """Return what a request in flight waits for, innermost last; none while it runs.

        Args:
            record: From any thread.
            now_ns: ``perf_counter_ns``.
        """
        seen = tuple(self._seen(each, now_ns) for each in tuple(record.open_waits))
        if seen or is_running(record.greenlet) or not isinstance(record.greenlet, greenlet):
            return seen
        return self._unnamed_wait(record, now_ns)

    def _seen(self, wait: OpenWait, now_ns: int) -> SeenWait:
        held_by: tuple[str, ...] = ()
        if wait.phase == "db_pool_wait":
            held_by = tuple(str(each) for each in list(self._holders())[:MOST_HOLDERS])
        subject = self._redactor.long_text(text_of(wait.subject))
        return SeenWait(wait.phase, subject, max(0, now_ns - wait.began_ns) / 1e9, held_by)

    def _unnamed_wait(self, record: RequestRecord, now_ns: int) -> tuple[SeenWait, ...]:
        """Name a wait that has no context by the code that waits, and by the lock found there."""
        one, present = record.greenlet, record.present_wait()
        if not isinstance(one, greenlet) or (frame := one.gr_frame) is None:
            return ()
        code = waiting_code(frame)
        at = code_of(code) if code is not None else "compiled code"
        # Without a time line the hub does not know what it waits for.
        is_known = record.time_line is not None and present.phase != "cpu"
        seconds = max(0, now_ns - present.since_ns) / 1e9 if is_known else None
        phase = present.phase if is_known else "other"
        lock = lock_waited_for(frame) if phase == "other" else None
        if lock is None:
            return (SeenWait(phase, at, seconds),)
        held_by = lock.held_by(self._in_flight(), one)
        return (SeenWait("lock", f"{lock.name} at {at}", seconds, held_by),)
