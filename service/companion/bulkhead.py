"""A limit on concurrent calls: a call beyond it fails at once, and none waits in a queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gevent.lock import BoundedSemaphore

from service.companion.failures import TooManyCalls

RETRY_AFTER_SECONDS: Final = 5


class Bulkhead:
    """Admits a limited number of concurrent calls.

    Args:
        limit: At least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = BoundedSemaphore(limit)

    @property
    def active_calls(self) -> int:
        """Number of calls that run now."""
        return self._limit - int(self._free.counter)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count the body of the block as a call.

        Raises:
            TooManyCalls: The limit is reached.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyCalls(
                "Too many people use the companion at the moment.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        try:
            yield
        finally:
            self._free.release()
