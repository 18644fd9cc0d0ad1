"""How long one fault lasts: until its bound, or until it is released.

Written by native threads and greenlets alike; each member is one step of the interpreter.
"""

import time
from collections.abc import Callable


class Lease:
    """The time of one fault.

    Args:
        seconds: Its bound.
        clock: Monotonic seconds.

    Attributes:
        begun: The fault is at work.
        ended: It has restored everything.
        error: Why it could not begin; empty otherwise.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._until = self._began + seconds
        self.begun = False
        self.ended = False
        self.error = ""

    @property
    def lasts(self) -> bool:
        """Whether the fault is to go on."""
        return self._clock() < self._until

    @property
    def age_seconds(self) -> float:
        """Time since it was pressed."""
        return self._clock() - self._began

    @property
    def left_seconds(self) -> float:
        """Time to its bound; 0 once it is over or released."""
        return max(0.0, self._until - self._clock())

    def release(self) -> None:
        """Let it end now."""
        self._until = self._clock()
