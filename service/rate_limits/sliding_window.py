"""Arithmetic of a sliding window with two counters; it neither counts nor reads a clock.

Requests of the previous window count in proportion to how much of it the last ``window_seconds``
still cover. So a client cannot use its limit twice around the start of a window, and costs two
integers, whatever its limit.

Source: ``limits``, strategy "sliding window counter", whose scripts count in Redis.
"""

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of counting one request.

    Args:
        allowed: The request was within the limit and is counted.
        remaining: Requests that would be allowed now.
        reset_seconds: Time until the window ends or, when none remains, until the next request
            would be allowed.
    """

    allowed: bool
    remaining: int
    reset_seconds: float


def weighted_count(previous: int, left_seconds: float, window_seconds: int, current: int) -> int:
    """Return the requests that count against the limit now.

    Args:
        previous: Requests of the previous window.
        left_seconds: Time until the current window ends.
        window_seconds: Length of a window.
        current: Requests of the current window.
    """
    return floor(previous * left_seconds / window_seconds) + current


def decision(
    allowed: bool,
    limit: int,
    previous: int,
    left_seconds: float,
    window_seconds: int,
    current: int,
) -> Decision:
    """Return the decision on a request, from the counters after it.

    Args:
        allowed: The request was counted.
        limit: Maximum number of requests within ``window_seconds``.
        previous: Requests of the previous window.
        left_seconds: Time until the current window ends.
        window_seconds: Length of a window.
        current: Requests of the current window.
    """
    remaining = max(0, limit - weighted_count(previous, left_seconds, window_seconds, current))
    if remaining:
        return Decision(allowed, remaining, left_seconds)
    until_next = _seconds_until_next(limit, previous, left_seconds, window_seconds, current)
    return Decision(allowed, 0, until_next)


def _seconds_until_next(
    limit: int, previous: int, left_seconds: float, window_seconds: int, current: int
) -> float:
    if current < limit:
        # The previous window has to weigh less: previous * left / window < limit - current.
        return max(0.0, left_seconds - (limit - current) * window_seconds / previous)
    return left_seconds + max(0.0, window_seconds - limit * window_seconds / current)
