"""A budget that is shared fairly: a small demand is met, the others get the same share each.

Time is cut into windows of a second. What each key asked for in the last one is its expected
demand; by max-min fairness that gives a level, and no key below it is refused because of a louder
one. What nobody is expected to need goes to those that ask first. A key that was not expected gets
a share too, on credit where the window is spent already: the next windows are shorter by it.

Source: Bertsekas and Gallager, "Data Networks", section 6.5.2 (max-min fair allocation).
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

from telemetry.tracing.token_bucket import LATELY_SECONDS

WINDOW_SECONDS: Final = 1.0
MAX_KEYS: Final = 256
REPAID_SHARE: Final = 0.25
"""Of a window, at most: keys that owe nothing keep the most of it."""

Key = tuple[str, str]

OVERFLOW: Final[Key] = ("", "")
"""Stands for every key beyond the bound."""


class _Share:
    """What one key has in this window, in units of the budget."""

    __slots__ = ("asked", "debt", "level", "reserved", "used")

    def __init__(self, level: float) -> None:
        self.level = level
        self.asked = 0.0
        self.used = 0.0
        self.debt = 0.0
        self.reserved = 0.0


class FairBudget:
    """Units a second, shared by keys.

    Over any time it grants what the rate allows, and at most two seconds' worth and the last amount
    more. It takes no lock: native threads that ask in the same instant may exceed it by one amount.

    Args:
        per_second: Of all keys together; 0 grants nothing.
        clock: Monotonic seconds.
        max_keys: Keys that get a share of their own; the others have one together.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        max_keys: int = MAX_KEYS,
    ) -> None:
        self._per_window = per_second * WINDOW_SECONDS
        self._clock = clock
        self._max_keys = max_keys
        self._began = clock()
        self._shares: dict[Key, _Share] = {}
        self._refused: dict[Key, float] = {}
        self._capacity = self._per_window
        self._debt = 0.0
        self._used = 0.0
        self._reserved = 0.0

    def take(self, key: Key, amount: float) -> bool:
        """Ask for units.

        Args:
            key: Whose share they come from.
            amount: All of them or none; an amount larger than the share is granted when nothing of
                it is used, and paid for in the windows to come.

        Returns:
            Whether they are granted.
        """
        now = self._clock()
        if now - self._began >= WINDOW_SECONDS:
            self._begin_window(now)
        key, share = self._share_of(key)
        share.asked += amount
        # What others did not ask for is given away when the window has nearly passed.
        left = 1.0 - (now - self._began) / WINDOW_SECONDS
        others = min(self._reserved - share.reserved, self._capacity * left)
        if self._used + amount > self._capacity - others:
            in_share = share.used < share.level
            if not in_share or self._used + self._debt >= self._capacity + self._per_window:
                full = len(self._refused) > self._max_keys
                self._refused[OVERFLOW if full else key] = now
                return False
            share.debt = max(0.0, share.used + amount - share.level)
        share.used += amount
        self._used += amount
        spent = min(share.reserved, amount)
        share.reserved -= spent
        self._reserved -= spent
        return True

    def refused_lately(self, key: Key) -> bool:
        """Whether a key was, or would have been, refused within the last ``LATELY_SECONDS``."""
        if not self._per_window:
            return True
        if not self._refused:
            return False
        oldest = self._clock() - LATELY_SECONDS
        return self._refused.get(key if key in self._refused else OVERFLOW, oldest) > oldest

    def _share_of(self, key: Key) -> tuple[Key, _Share]:
        share = self._shares.get(key)
        if share is None and len(self._shares) >= self._max_keys:
            key = OVERFLOW
            share = self._shares.get(key)
        if share is None:
            share = _Share(self._capacity / (len(self._shares) + 1))
            self._shares[key] = share
        return key, share

    def _begin_window(self, now: float) -> None:
        windows = int((now - self._began) / WINDOW_SECONDS)
        self._began += windows * WINDOW_SECONDS
        before = self._shares
        debt = max(0.0, self._debt + self._used - self._capacity)
        debt = max(0.0, debt - (windows - 1) * self._per_window)
        repaid = min(debt, self._per_window * REPAID_SHARE)
        self._debt, self._capacity = debt - repaid, self._per_window - repaid
        shares: dict[Key, _Share] = {}
        for key, share in list(before.items()):
            expected = share.asked if windows == 1 else 0.0
            owed = max(0.0, share.debt - (windows - 1) * share.level)
            if expected or owed:
                shares[key] = kept = _Share(0.0)
                # The amounts of the last window, until the level is known.
                kept.reserved, kept.used = expected, owed
        self._refused = {k: at for k, at in self._refused.items() if now - at < LATELY_SECONDS}
        self._share_out(shares)

    def _share_out(self, shares: dict[Key, _Share]) -> None:
        demands = sorted(share.reserved for share in shares.values())
        count = len(shares) or 1
        level = water_level(self._capacity, demands)
        # The budget is shorter by what is paid back: nobody pays for it twice.
        extra = (self._per_window - self._capacity) / count
        for share in shares.values():
            share.reserved = max(0.0, min(share.reserved, level) - share.used)
            share.level = level if level < float("inf") else self._capacity / count
            # A debt that the share does not cover is left for the windows after this one.
            share.debt = max(0.0, share.used - share.level - extra)
        self._reserved = sum(share.reserved for share in shares.values())
        self._used = 0.0
        self._shares = shares


def water_level(capacity: float, demands: Iterable[float]) -> float:
    """Return the max-min fair level: a demand below it is met, one above it gets the level.

    Args:
        capacity: To share.
        demands: The smallest first.

    Returns:
        Infinite where every demand is met.
    """
    left = capacity
    waiting = list(demands)
    for index, demand in enumerate(waiting):
        level = left / (len(waiting) - index)
        if demand > level:
            return level
        left -= demand
    return float("inf")
