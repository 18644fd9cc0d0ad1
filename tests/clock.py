"""A time that passes only when a test lets it."""

from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T", float, datetime)


class Clock(Generic[T]):
    """A clock that a test moves.

    Args:
        now: Seconds or a datetime; set it to move on.
    """

    def __init__(self, now: T) -> None:
        self.now = now

    def __call__(self) -> T:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds if isinstance(self.now, float) else timedelta(seconds=seconds)
