"""When a request began: with the arrival of its first bytes at the kernel.

The kernel stamps what it receives by the wall clock; durations are measured by the monotonic one.
Both are slewed alike, so the difference between them is constant until the wall clock is set or the
machine sleeps. What was stamped before such a step cannot be converted and is not used: a step of
the clock makes no negative and no huge time.

Source: socket(7), ``SO_TIMESTAMPNS``; clock_gettime(2), ``CLOCK_MONOTONIC``.
"""

import math
import re
import time
from collections.abc import Callable
from typing import Final

from telemetry.names import Phase

STEP_NS: Final = 50_000
"""Difference between two readings of both clocks that is no jitter."""

READINGS: Final = 3
BACKLOG_NS: Final = 120 * 10**9
"""Longest wait in a listener's queue before this process read its clocks for the first time."""

REQUEST_START: Final = "HTTP_X_REQUEST_START"

_NUMBER: Final = re.compile(r"(?:t=)?(\d{10,19})(?:\.(\d{1,9}))?", re.ASCII)
_UNITS: Final = {10: 10**9, 13: 10**6, 16: 10**3, 19: 1}
"""Nanoseconds of the unit in which a time of this century has so many digits."""


class Arrival:
    """The arrival of the present request of one connection, as its socket notes it.

    Attributes:
        begun: Bytes of the request's head have been received, and no record was made of it yet.
        free_ns: ``perf_counter_ns`` at which the connection was free for it: the end of the
            exchange before; 0 for the first one.
        stamp_ns: Wall clock at which the kernel received its first bytes; 0 where it noted none.
        read_ns: ``perf_counter_ns`` at which they were read, where they have no stamp.
        in_parts: Its head came in several reads.
        last_stamp_ns: Of the last of them; so is ``last_read_ns``.
    """

    __slots__ = (
        "begun",
        "free_ns",
        "in_parts",
        "last_read_ns",
        "last_stamp_ns",
        "read_ns",
        "stamp_ns",
    )

    def __init__(self) -> None:
        self.free_ns = self.stamp_ns = self.read_ns = self.last_stamp_ns = self.last_read_ns = 0
        self.begun = self.in_parts = False

    def free(self) -> None:
        """Note that the connection is free for its next request from now on."""
        self.free_ns = time.perf_counter_ns()
        self.begun = False

    def restart(self) -> None:
        """Wait for the first bytes of a request: what came before them belongs to none."""
        self.begun = False

    def carry_over(self) -> None:
        """Note that its first bytes were received with the request before.

        They waited for the end of that one, as the client that sent them behind it wanted.
        """
        if not self.begun:
            self.begun, self.in_parts = True, False
            self.stamp_ns, self.read_ns = 0, self.free_ns

    def received(self, stamp_ns: int) -> None:
        """Note a part of its head.

        Args:
            stamp_ns: Wall clock at which the kernel received it; 0 where it noted none.
        """
        if not self.begun:
            self.begun, self.in_parts = True, False
            self.stamp_ns = stamp_ns
            if not stamp_ns:
                self.read_ns = time.perf_counter_ns()
            return
        self.in_parts = True
        self.last_stamp_ns = stamp_ns
        if not stamp_ns:
            self.last_read_ns = time.perf_counter_ns()


Beginning = tuple[int, int, dict[Phase, float]]
"""The beginning of a request: its arrival by the wall clock and by ``perf_counter_ns``, and what
has passed since: ``queue``, and ``client_read`` where its head came in several parts."""


class ArrivalClock:
    """Converts the kernel's stamps to the monotonic clock.

    Args:
        wall_ns: The clock of the stamps.
        monotonic_ns: The clock of ``RequestRecord.started_ns``.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._offset_ns = self._read_offset()
        # What arrived before cannot be converted by this offset.
        self._steady_since_ns = monotonic_ns() - BACKLOG_NS

    def begin(self, arrival: Arrival | None) -> Beginning:
        """Return the beginning of a request that the application is about to get.

        Args:
            arrival: Of the request, which is then used up; ``None`` under other servers.
        """
        unix_ns, now_ns = self._wall_ns(), self._monotonic_ns()
        if arrival is None or not arrival.begun:
            return unix_ns, now_ns, {}
        arrival.begun = False
        if not -STEP_NS < unix_ns - now_ns - self._offset_ns < STEP_NS:
            self._check_offset(now_ns)
        # As ``_converted``, whose call costs as much as all of it.
        started_ns = arrival.stamp_ns - self._offset_ns
        if not self._steady_since_ns <= started_ns <= now_ns or not arrival.stamp_ns:
            started_ns = self._converted(arrival.stamp_ns, arrival.read_ns, now_ns)
        if started_ns < arrival.free_ns:  # noqa: PLR1730 - a call costs twice as much as a clock
            started_ns = arrival.free_ns
        unix_ns -= now_ns - started_ns
        if not arrival.in_parts:
            return unix_ns, started_ns, {"queue": (now_ns - started_ns) / 1e9}
        whole_ns = self._converted(arrival.last_stamp_ns, arrival.last_read_ns, now_ns)
        whole_ns = max(whole_ns, started_ns)
        waited_ns, queued_ns = whole_ns - started_ns, now_ns - whole_ns
        return unix_ns, started_ns, {"client_read": waited_ns / 1e9, "queue": queued_ns / 1e9}

    def _converted(self, stamp_ns: int, read_ns: int, now_ns: int) -> int:
        """Return the monotonic time of a part; now where that cannot be known."""
        if not stamp_ns:
            return read_ns
        at_ns = stamp_ns - self._offset_ns
        return at_ns if self._steady_since_ns <= at_ns <= now_ns else now_ns

    def _check_offset(self, now_ns: int) -> None:
        """Read the clocks again: one was set, or this thread was interrupted between them."""
        offset_ns = self._read_offset()
        if not -STEP_NS < offset_ns - self._offset_ns < STEP_NS:
            self._offset_ns, self._steady_since_ns = offset_ns, now_ns

    def _read_offset(self) -> int:
        """Return wall clock less monotonic clock, of the reading that was interrupted least."""
        shortest_ns, found_ns = math.inf, 0
        for _ in range(READINGS):
            before_ns = self._monotonic_ns()
            unix_ns = self._wall_ns()
            after_ns = self._monotonic_ns()
            if after_ns - before_ns < shortest_ns:
                shortest_ns = after_ns - before_ns
                found_ns = unix_ns - (before_ns + after_ns) // 2
        return found_ns


def request_start_ns(header: str) -> int | None:
    """Return the time that a proxy names as the one at which it received a request.

    Args:
        header: ``X-Request-Start``: a time since 1970 in seconds (nginx's ``t=${msec}``),
            milliseconds (Heroku), microseconds (Apache's ``%t``) or nanoseconds, with or without
            ``t=`` and a fraction.

    Returns:
        Nanoseconds since 1970; ``None`` for any other text.
    """
    match = _NUMBER.fullmatch(header.strip(" \t"))
    unit_ns = _UNITS.get(len(match[1])) if match is not None else None
    if match is None or unit_ns is None:
        return None
    fraction = match[2] or ""
    return int(match[1]) * unit_ns + int(fraction or 0) * unit_ns // int(10 ** len(fraction))
