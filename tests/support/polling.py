"""Bounded polling: the only way in which tests wait for something that they cannot await.

`time.sleep` yields to the other greenlets, because the test process is patched by gevent.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 120.0
"""For what takes less than a second on an idle machine; a busy one may need much longer."""


def wait_until(
    condition: Callable[[], T],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    what: str = "the condition holds",
    interval_seconds: float = 0.02,
    retry_on: tuple[type[Exception], ...] = (),
) -> T:
    """Poll until ``condition`` returns a truthy value.

    Args:
        condition: Called at least once.
        timeout_seconds: From the first call on.
        what: What is waited for, for the assertion's message.
        interval_seconds: Between two calls.
        retry_on: Exceptions that count as "not yet".

    Returns:
        The truthy value.

    Raises:
        AssertionError: With the last value or exception, after ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        last: object
        try:
            value = condition()
        except retry_on as error:
            last = error
        else:
            if value:
                return value
            last = value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_seconds:g} s: {what} (last: {last!r})")
        time.sleep(interval_seconds)


def wait_until_equal(
    read: Callable[[], T],
    expected: T,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    interval_seconds: float = 0.02,
) -> None:
    """Poll until ``read`` returns ``expected``; the failure shows how the last value differs."""
    deadline = time.monotonic() + timeout_seconds
    while (value := read()) != expected and time.monotonic() < deadline:
        time.sleep(interval_seconds)
    assert value == expected
