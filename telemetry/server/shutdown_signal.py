"""The request that a process stops: made from anywhere, awaited by one greenlet.

A request is safe in a signal handler and in a native thread: it sets plain attributes and wakes the
loop. The first one arms a watchdog, so that not even a hub that never comes back can keep the
process.
"""

import faulthandler
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import gevent
from gevent.event import Event

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2, signal.SIGHUP)

HELD_SIGNALS: Final = (*STOP_SIGNALS, signal.SIGQUIT)
"""Blocked from before a worker's fork until it has its handlers."""

# Ctrl-C and systemd signal the whole process group, and gunicorn's arbiter then passes it on:
# within this time it is the same request.
SAME_SIGNAL_SECONDS: Final = 0.5
# Killing what is in flight, closing the database and flushing take up to 4 s.
FORCED_SECONDS: Final = 8.0
_STDERR: Final = 2


class ShutdownSignal:
    """One process's request to stop.

    Args:
        limit_seconds: How long after the first request the process may live; then its stacks go to
            standard error and it exits with 1.
        clock: Monotonic seconds.
    """

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.reason = ""
        self.forced = False
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._requested_at = 0.0
        self._woken = Event()
        self._waker = gevent.get_hub().loop.async_()
        self._waker.start(self._woken.set)

    def request(self, reason: str) -> None:
        """Request an orderly stop. Only the first reason counts."""
        if not self.reason:
            self.reason = reason
            self._requested_at = self._clock()
            self.arm_watchdog()
        self.wake()

    def force(self, reason: str) -> None:
        """Request a stop at once, which cuts the requests in flight."""
        self.request(reason)
        if not self.forced:
            self.forced = True
            faulthandler.dump_traceback_later(
                min(FORCED_SECONDS, self._limit_seconds), exit=True, file=_STDERR
            )

    def on_signal(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle a stopping signal: the first requests a stop, a later one forces it."""
        name = signal.Signals(number).name
        if self.reason and self._clock() - self._requested_at >= SAME_SIGNAL_SECONDS:
            self.force(name)
        else:
            self.request(name)

    def arm_watchdog(self) -> None:
        """Arm the watchdog; where it was armed before, it starts again."""
        faulthandler.dump_traceback_later(self._limit_seconds, exit=True, file=_STDERR)

    def disarm_watchdog(self) -> None:
        """Disarm the watchdog of a process that lives on: it was embedded, or a test's."""
        faulthandler.cancel_dump_traceback_later()

    def wake(self) -> None:
        """Let ``wait`` return."""
        self._waker.send()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until woken, or for some seconds.

        Returns at once where it was woken since the last wait.
        """
        self._woken.wait(seconds)
        self._woken.clear()
