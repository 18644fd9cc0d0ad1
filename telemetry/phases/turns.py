"""When the loop polled for events: the bounds of each turn of the hub.

Two watchers, before and after the poll, take the time; 0.5 µs a turn for both.
"""

import time
from collections.abc import Callable
from typing import Any, Final

_LOWEST: Final = -2
_HIGHEST: Final = 2


class Turns:
    """The present turn and the poll before it; ``perf_counter`` nanoseconds."""

    __slots__ = (
        "_users",
        "_watchers",
        "entered_ns",
        "on_enter",
        "returned_before_ns",
        "returned_ns",
    )

    def __init__(self) -> None:
        self.returned_before_ns = 0
        """When the poll before the last one returned."""
        self.entered_ns = 0
        """When the loop went into the last poll."""
        self.returned_ns = 0
        """When the last poll returned."""
        self.on_enter: Callable[[int], object] | None = None
        """Called before each poll with its time, while ``entered_ns`` is the poll's before."""
        self._users = 0
        self._watchers: list[Any] = []

    def start(self, loop: Any) -> None:
        """Time the turns of a loop for one more user; from its own thread."""
        self._users += 1
        if self._watchers:
            return
        # Lowest before the poll: after gevent's own watcher, which runs the greenlets that are
        # ready. Highest after it: before any other.
        before = loop.prepare(ref=False, priority=_LOWEST)
        after = loop.check(ref=False, priority=_HIGHEST)
        before.start(self._enters)
        after.start(self._returns)
        self._watchers = [before, after]

    def stop(self) -> None:
        """Time for one user less; from the loop's thread."""
        self._users -= 1
        if self._users > 0:
            return
        for watcher in self._watchers:
            watcher.stop()
            watcher.close()
        self._watchers = []

    def _enters(self) -> None:
        now_ns = time.perf_counter_ns()
        if self.on_enter is not None:
            self.on_enter(now_ns)
        self.entered_ns = now_ns

    def _returns(self) -> None:
        self.returned_before_ns = self.returned_ns
        self.returned_ns = time.perf_counter_ns()
