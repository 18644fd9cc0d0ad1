"""The native thread of the flight recorder: ten turns a second, cheap while nothing is slow."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from telemetry.flight_recorder.notes import Notes, notes_of
from telemetry.flight_recorder.snapshot import Snapshot
from telemetry.guard import Guard
from telemetry.native import sleep
from telemetry.requests.record import RequestRecord

TURN_SECONDS: Final = 0.1
YOUNGEST_SECONDS: Final = 0.05
"""The requests are in order of their age: from the first younger one on none is slow yet."""
MOST_SNAPSHOTS: Final = 8
"""Of one request: the last at 128 times its threshold."""
SNAPSHOTS_PER_TURN: Final = 4
"""A flood of slow requests shares them, the oldest first."""


class Watch:
    """The thread's body.

    Args:
        in_flight: The requests in flight, oldest first.
        take: Takes a snapshot; ``None`` takes none.
        chores: Called in each turn, one after the other.
        guard: For native threads; stands around each snapshot and chore.
    """

    def __init__(
        self,
        in_flight: Callable[[], Sequence[RequestRecord]],
        take: Callable[[RequestRecord], Snapshot] | None,
        chores: Sequence[Callable[[], None]],
        guard: Guard,
    ) -> None:
        self._in_flight = in_flight
        self._take = take
        self._chores = chores
        self._guard = guard
        self._stopped = False

    def run(self) -> None:
        """Turn until stopped."""
        while not self._stopped:
            sleep(TURN_SECONDS)
            self.turn()

    def stop(self) -> None:
        """End ``run`` before its next turn."""
        self._stopped = True

    def turn(self) -> None:
        """Take the snapshots that are due, then do the chores."""
        if self._take is not None:
            with self._guard.at("flight.snapshot"):
                self._take_due(self._take)
        for chore in self._chores:
            with self._guard.at("flight.chore"):
                chore()

    def _take_due(self, take: Callable[[RequestRecord], Snapshot]) -> None:
        left = SNAPSHOTS_PER_TURN
        now_ns = time.perf_counter_ns()
        for record in self._in_flight():
            age_seconds = (now_ns - record.started_ns) / 1e9
            if age_seconds < YOUNGEST_SECONDS or not left:
                break
            if _is_due(record, age_seconds):
                left -= 1
                with self._guard.at("flight.snapshot"):
                    _add(record, age_seconds, take)


def _is_due(record: RequestRecord, age_seconds: float) -> bool:
    if record.outcome is not None:
        return False
    notes = record.notes
    due_seconds = notes.due_seconds if isinstance(notes, Notes) else 0.0
    return age_seconds >= (due_seconds or record.slow_after_seconds or math.inf)


def _add(
    record: RequestRecord, age_seconds: float, take: Callable[[RequestRecord], Snapshot]
) -> None:
    notes = notes_of(record)
    # Before it is taken: one that fails is not tried again in the next turn.
    notes.tries += 1
    due_seconds = record.slow_after_seconds
    while due_seconds <= age_seconds:
        due_seconds *= 2
    notes.due_seconds = due_seconds if notes.tries < MOST_SNAPSHOTS else math.inf
    notes.snapshots.append(take(record))
