"""Waits for a socket that end in time, at the cost of no timer for the many that end before.

gevent starts and stops a timer for each wait, although nearly all of a server's end by their event.
"""

import time
from typing import Any, Final

import gevent
from gevent.exceptions import ConcurrentObjectUseError

_NEVER: Final = float("inf")


class _Over(Exception):
    """The time of a wait is over."""


class BoundedWait:
    """The waits of one socket.

    Args:
        hub: Of the thread.
    """

    __slots__ = ("_deadline", "_hub", "_timer", "_timer_ends", "greenlet")

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._deadline = self._timer_ends = _NEVER
        self._timer: Any = None
        self.greenlet: Any = None
        """Waits at present."""

    def until(self, event: Any, seconds: float, now: float) -> None:
        """Wait until an event of the socket, or for so long.

        Args:
            event: The watcher.
            seconds: Longest time.
            now: Monotonic seconds.

        Raises:
            ConcurrentObjectUseError: Another greenlet waits for the same.
        """
        if event.callback is not None:
            raise ConcurrentObjectUseError("two greenlets of the app use the connection")
        try:
            if self.greenlet is not None:
                # The app reads in one greenlet and writes in another.
                with gevent.Timeout(seconds, _Over):
                    self._hub.wait(event)
                return
            self.greenlet = gevent.getcurrent()
            try:
                self._wake_at(now + seconds, now)
                self._hub.wait(event)
            finally:
                self.greenlet = None
        except _Over:
            pass

    def close(self) -> None:
        """Release the timer."""
        self._timer_ends = _NEVER
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _wake_at(self, deadline: float, now: float) -> None:
        # The timer of an earlier wait goes on where it ends early enough; it is then set again.
        self._deadline = deadline
        if self._timer_ends > deadline:
            self.close()
            self._timer = self._hub.loop.timer(max(0.0, deadline - now), ref=False)
            self._timer.start(self._end)
            self._timer_ends = deadline

    def _end(self) -> None:
        """End the wait; called by the timer, in the hub."""
        self.close()
        if self.greenlet is None:
            return
        now = time.monotonic()
        if now < self._deadline:
            self._wake_at(self._deadline, now)
        else:
            self.greenlet.throw(_Over)
