"""A bound on what is under way at once: who finds no place is told so at once, nobody queues."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from service.companion.failures import TooManyCalls

RETRY_AFTER_SECONDS: Final = 5


class Bulkhead:
    """So many places. Nothing between looking and taking yields, so a number is enough.

    Args:
        places: At least 1.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many are taken now."""
        return self._taken

    @contextmanager
    def place(self) -> Iterator[None]:
        """Around what takes a place.

        Raises:
            TooManyCalls: There is none.
        """
        if self._taken >= self._places:
            raise TooManyCalls(
                "Too many people talk to the companion at the moment.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
