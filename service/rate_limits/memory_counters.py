"""Counters in the memory of one worker. They are bounded, and what has expired goes as new ones
come.

The library's own memory storage looks at every key it has every 10 ms while requests come, on the
hub, and has no bound (docs/decisions/).
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from limits import RateLimitItem

from service.rate_limits.sliding_window import Taken, told, weigh

MOST_CLIENTS: Final = 50_000
"""Of one limit; beyond, the one that came first is forgotten. A client takes about 300 bytes."""

_SWEPT_AT_ONCE: Final = 2


class _Window:
    __slots__ = ("current", "ends", "previous")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.current = 0
        self.previous = 0


class MemoryCounters:
    """Counts for this worker. Nothing yields, so a request is counted whole or not at all.

    Args:
        most_clients: Counters of one limit that are kept.
        clock: Seconds, from any start.
    """

    def __init__(
        self, *, most_clients: int = MOST_CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most_clients
        self._clock = clock
        self._windows: dict[RateLimitItem, OrderedDict[str, _Window]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._windows.values()))

    def take(self, key: str, item: RateLimitItem) -> Taken:
        """Count one request, unless it is one too many.

        Args:
            key: Whose, and of which group.
            item: The limit.
        """
        now, expiry = self._clock(), item.get_expiry()
        windows = self._windows.get(item)
        if windows is None:
            windows = self._windows[item] = OrderedDict()
        window = windows.get(key)
        if window is None:
            self._sweep(windows, now - expiry)
            window = windows[key] = _Window(now + expiry)
        elif now >= window.ends:
            self._turn(window, now, expiry)
            windows.move_to_end(key)
        left = window.ends - now
        passed = weigh(window.previous, left, expiry, window.current) < item.amount
        if passed:
            window.current += 1
        return told(passed, item.amount, window.previous, left, expiry, window.current)

    def _turn(self, window: _Window, now: float, expiry: int) -> None:
        follows = now < window.ends + expiry
        window.previous = window.current if follows else 0
        window.current = 0
        window.ends = window.ends + expiry if follows else now + expiry

    def _sweep(self, windows: OrderedDict[str, _Window], ended_before: float) -> None:
        for _ in range(_SWEPT_AT_ONCE):
            if not windows:
                return
            oldest = next(iter(windows.values()))
            if oldest.ends > ended_before and len(windows) < self._most:
                return
            windows.popitem(last=False)
