"""A rate with bursts of one second."""

import time
from collections.abc import Callable
from typing import Final

LATELY_SECONDS: Final = 60.0
"""How long after a refusal the share that is kept counts as unknown."""


class TokenBucket:
    """Allows a number of events a second, and at most that many at once.

    Args:
        per_second: Refill rate and size of the bucket; 0 allows nothing.
        clock: Monotonic seconds.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._size = max(per_second, 1.0) if per_second > 0 else 0.0
        self._clock = clock
        self._tokens = self._size
        self._refilled = clock()
        self._refused: float | None = None

    def take(self) -> bool:
        """Take one token; false when none is left."""
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._refilled) * self._per_second)
        self._refilled = now
        if self._tokens < 1.0:
            self._refused = now
            return False
        self._tokens -= 1.0
        return True

    def refused_lately(self) -> bool:
        """Whether an event was refused within the last ``LATELY_SECONDS``."""
        return self._refused is not None and self._clock() - self._refused < LATELY_SECONDS
