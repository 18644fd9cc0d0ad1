"""The one way to wait in a test for something that happens elsewhere."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from tests.machine import PATIENCE_SECONDS

T = TypeVar("T")

INTERVAL_SECONDS: Final = 0.01


def wait_until(
    condition: Callable[[], T], *, timeout_seconds: float = PATIENCE_SECONDS, what: str = ""
) -> T:
    """Call a condition until it returns something true, and return that.

    Args:
        condition: Called again and again; an exception of its own ends the wait.
        timeout_seconds: Longest time to wait.
        what: What is waited for, for the error.

    Raises:
        AssertionError: The time is over.
    """
    deadline = time.monotonic() + timeout_seconds
    while not (found := condition()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_seconds:g} s: {what or condition}")
        time.sleep(INTERVAL_SECONDS)
    return found
