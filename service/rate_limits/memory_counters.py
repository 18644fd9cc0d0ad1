"""Counters in the memory of one worker: bounded, and swept as new clients come.

The library's own memory storage walks over all of its keys on the hub, every 10 ms while requests
come, and is not bounded (docs/decisions/).
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from limits import RateLimitItem

from service.rate_limits.sliding_window import Decision, decision, weighted_count

MAX_CLIENTS: Final = 50_000
"""Clients of one limit; beyond it the oldest is dropped. A client takes about 300 bytes."""

_SWEPT_AT_ONCE: Final = 2


class _Window:
    __slots__ = ("current", "ends", "previous")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.current = 0
        self.previous = 0


class MemoryCounters:
    """Counters of this worker. No method yields to the hub, so counting is atomic.

    Args:
        max_clients: Counters of one limit that are kept.
        clock: Seconds, from any start.
    """

    def __init__(
        self, *, max_clients: int = MAX_CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_clients = max_clients
        self._clock = clock
        self._windows: dict[RateLimitItem, OrderedDict[str, _Window]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._windows.values()))

    def hit(self, key: str, item: RateLimitItem) -> Decision:
        """Count a request when it is within its limit.

        Args:
            key: Client and group.
            item: The limit.
        """
        now, seconds = self._clock(), item.get_expiry()
        windows = self._windows.setdefault(item, OrderedDict())
        window = windows.get(key)
        if window is None:
            self._sweep(windows, now - seconds)
            window = windows[key] = _Window(now + seconds)
        elif now >= window.ends:
            self._advance(window, now, seconds)
            windows.move_to_end(key)
        left = window.ends - now
        allowed = weighted_count(window.previous, left, seconds, window.current) < item.amount
        if allowed:
            window.current += 1
        return decision(allowed, item.amount, window.previous, left, seconds, window.current)

    def _advance(self, window: _Window, now: float, seconds: int) -> None:
        adjacent = now < window.ends + seconds
        window.previous = window.current if adjacent else 0
        window.current = 0
        window.ends = window.ends + seconds if adjacent else now + seconds

    def _sweep(self, windows: OrderedDict[str, _Window], ended_before: float) -> None:
        for _ in range(_SWEPT_AT_ONCE):
            if not windows:
                return
            oldest = next(iter(windows.values()))
            if oldest.ends > ended_before and len(windows) < self._max_clients:
                return
            windows.popitem(last=False)
