"""The thread that writes log lines, so that no greenlet ever waits for the output.

Lines are appended to a bounded queue and written by a native thread, because a write to a full pipe
would otherwise stop every request of the worker (docs/decisions). Before ``start``, after ``stop``
and in a forked child lines are written at once, with a bounded wait. What is lost is counted by
reason, and one line reports it when the output works again.
"""

import atexit
import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from gevent import monkey

from telemetry.guard import Guard
from telemetry.logs.lines import Line, encode_all, timestamp
from telemetry.logs.output import LossReason, Output

QUEUE_LINES: Final = 10_000
WRITE_EVERY_SECONDS: Final = 0.05
# Encoding holds the GIL; 64 lines are about half a millisecond of it, then the hub may run.
SLICE_LINES: Final = 64
DIRECT_WAIT_SECONDS: Final = 0.5
"""Longest that a line waits for the output where no thread waits in its place."""
REPORT_EVERY_SECONDS: Final = 10.0


class LogWriter:
    """Writes lines to a file descriptor without ever making a greenlet wait.

    Args:
        fd: Written to; normally standard output.
        guard: Stands around the thread's work.
        on_drop: Called with the reason for each line that was lost.
        queue_lines: Bound of the queue, in lines.
        members: Of the line that reports losses.
    """

    def __init__(
        self,
        fd: int,
        guard: Guard,
        on_drop: Callable[[str], None],
        *,
        queue_lines: int = QUEUE_LINES,
        members: Mapping[str, str] | None = None,
    ) -> None:
        self._fd = fd
        self._own_fd: int | None = None
        self._output = Output(fd)
        self._guard = guard
        self._on_drop = on_drop
        self._queue_lines = queue_lines
        self._members = dict(members or {})
        self._queue: deque[Line | str] = deque()
        self._running = False
        self._idle = True
        self._overdue = False
        self._deadline = 0.0
        self._takes_no_more = False
        self._lost: dict[str, int] = {}
        self._report_at = 0.0
        self._sleep = monkey.get_original("time", "sleep")
        self._busy = monkey.get_original("_thread", "allocate_lock")()
        self._watched = False

    def start(self) -> None:
        """Start the thread that writes; after the fork, when the main thread has its hub."""
        if self._running:
            return
        self._hold_output()
        self._watch_process()
        self._running, self._idle, self._overdue = True, False, False
        monkey.get_original("_thread", "start_new_thread")(self._run, ())

    def write(self, line: Line | str) -> None:
        """Queue one line; never waits while the thread runs, never raises.

        Args:
            line: Its members, or the JSON object that they make, on one line.
        """
        if self._overdue:
            self._lose("shutdown")
        elif len(self._queue) >= self._queue_lines:
            self._lose("queue_full")
        else:
            self._queue.append(line)
            if not self._running:
                self._write_directly()

    def stop(self, timeout_seconds: float = 1.0) -> None:
        """Write the queued lines and end the thread.

        Args:
            timeout_seconds: Longest delay by a reader that does not read; lines left then are
                lost and counted.
        """
        self._deadline = time.monotonic() + timeout_seconds
        self._running = False
        while not self._idle and time.monotonic() < self._deadline:
            self._sleep(0.005)
        if not self._idle:
            self._overdue = True
            self._lose("shutdown", len(self._take(self._queue_lines)))

    def _run(self) -> None:
        while self._running:
            self._sleep(WRITE_EVERY_SECONDS)
            with self._guard.at("logs.writer"):
                self._drain()
        with self._guard.at("logs.writer"):
            self._drain()
            if self._output.is_cut:
                self._lose("shutdown")
        self._release_output()
        self._idle = True

    def _drain(self) -> None:
        works = True
        while lines := self._take(SLICE_LINES):
            works = self._write_now(lines, self._may_wait, blocking=True)
            if self._queue:
                self._sleep(0)
        if works and not self._overdue:
            self._report_losses(self._may_wait, blocking=True)

    def _may_wait(self) -> bool:
        return self._running or time.monotonic() < self._deadline

    def _take(self, most: int) -> list[Line | str]:
        lines: list[Line | str] = []
        take = self._queue.popleft
        with suppress(IndexError):  # the thread and a ``stop`` that timed out may both take
            for _ in range(min(most, len(self._queue))):
                lines.append(take())  # noqa: PERF401 - what was taken before the end is kept
        return lines

    def _write_directly(self) -> None:
        # The line of a signal handler or of another thread that interrupts a write is written after
        # it, by the holder of the lock.
        while self._queue and self._busy.acquire(False):
            try:
                self._write_queued()
            finally:
                self._busy.release()

    def _write_queued(self) -> None:
        # An output that has just taken nothing is not waited for again with each line.
        deadline = time.monotonic() + (0.0 if self._takes_no_more else DIRECT_WAIT_SECONDS)
        self._takes_no_more = not self._write_now(
            self._take(SLICE_LINES), lambda: time.monotonic() < deadline, blocking=False
        )
        if not self._takes_no_more:
            self._report_losses(lambda: False, blocking=False)

    def _write_now(
        self, lines: Sequence[Line | str], may_wait: Callable[[], bool], *, blocking: bool
    ) -> bool:
        """Write lines; returns whether the output took them all."""
        encoded, unencodable = encode_all(lines)
        self._lose("unencodable", unencodable)
        lost, reason = self._output.write(encoded, may_wait, blocking=blocking)
        self._lose("shutdown" if blocking and reason == "blocked" else reason, lost)
        return lost == 0

    def _lose(self, reason: LossReason, count: int = 1) -> None:
        if count:
            self._lost[reason] = self._lost.get(reason, 0) + count
        for _ in range(count):
            self._on_drop(reason)

    def _report_losses(self, may_wait: Callable[[], bool], *, blocking: bool) -> None:
        if not self._lost or time.monotonic() < self._report_at:
            return
        self._report_at = time.monotonic() + REPORT_EVERY_SECONDS
        lost, self._lost = self._lost, {}
        line = {
            "time": timestamp(time.time()),
            "level": "ERROR",
            "logger": "telemetry.logs",
            "message": "log lines were lost",
            "lost": lost,
            **self._members,
        }
        self._write_now([line], may_wait, blocking=blocking)

    def _hold_output(self) -> None:
        # A duplicate: when the program closes the number, the next file or socket gets it.
        with suppress(OSError):
            self._own_fd = os.dup(self._fd)
            self._output = Output(self._own_fd)

    def _release_output(self) -> None:
        own_fd, self._own_fd = self._own_fd, None
        if own_fd is not None:
            cut, self._output = self._output.is_cut, Output(self._fd)
            self._overdue = self._overdue or cut
            monkey.get_original("os", "close")(own_fd)  # gevent's waits for this thread's hub

    def _watch_process(self) -> None:
        if not self._watched:
            self._watched = True
            itself = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _call(itself, LogWriter._in_child))
            atexit.register(lambda: _call(itself, LogWriter.stop))

    def _in_child(self) -> None:
        """Write at once from now on: a fork copies the queue, but not the thread."""
        self._queue.clear()
        self._lost = {}
        self._output.forget_rest()
        self._running, self._idle = False, True
        self._busy = monkey.get_original("_thread", "allocate_lock")()


def _call(writer: "weakref.ref[LogWriter]", method: Callable[[LogWriter], None]) -> None:
    found = writer()
    if found is not None:
        method(found)
