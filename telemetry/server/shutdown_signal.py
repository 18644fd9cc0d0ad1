"""The wish that the process stops: told from anywhere, awaited by one greenlet.

Telling is safe in a signal handler and in a native thread: it sets plain attributes and wakes the
loop. The first wish arms a watchdog, so that not even a hub that never comes back can keep the
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
# within this time it is the same wish.
SAME_SIGNAL_SECONDS: Final = 0.5
# Killing what is in flight, closing the database and flushing take up to 4 s.
FORCED_SECONDS: Final = 8.0
_STDERR: Final = 2


class Stop:
    """One process's wish to stop.

    Args:
        limit_seconds: How long after the first wish the process may live; then its stacks go to
            standard error and it exits with 1.
        clock: Monotonic seconds.
    """

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.reason = ""
        self.forced = False
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._asked_at = 0.0
        self._told = Event()
        self._waker = gevent.get_hub().loop.async_()
        self._waker.start(self._told.set)

    def ask(self, reason: str) -> None:
        """Stop in order. Only the first reason counts."""
        if not self.reason:
            self.reason = reason
            self._asked_at = self._clock()
            self.arm()
        self.wake()

    def force(self, reason: str) -> None:
        """Stop now: requests in flight are cut."""
        self.ask(reason)
        if not self.forced:
            self.forced = True
            faulthandler.dump_traceback_later(
                min(FORCED_SECONDS, self._limit_seconds), exit=True, file=_STDERR
            )

    def on_signal(self, number: int, _frame: FrameType | None = None) -> None:
        """Handler of a stopping signal: the first asks, a later one forces."""
        name = signal.Signals(number).name
        if self.reason and self._clock() - self._asked_at >= SAME_SIGNAL_SECONDS:
            self.force(name)
        else:
            self.ask(name)

    def arm(self) -> None:
        """Arm the watchdog; where it was armed before, it starts again."""
        faulthandler.dump_traceback_later(self._limit_seconds, exit=True, file=_STDERR)

    def disarm(self) -> None:
        """The process lives on (it was embedded, or a test's): take the watchdog away."""
        faulthandler.cancel_dump_traceback_later()

    def wake(self) -> None:
        """Let ``wait`` return."""
        self._waker.send()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until something was told, or for some seconds; returns at once where it was told
        since the last wait.
        """
        self._told.wait(seconds)
        self._told.clear()
