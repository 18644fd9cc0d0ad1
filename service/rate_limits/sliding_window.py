"""The arithmetic of a sliding window of two counters: nothing here counts, waits or asks.

What the window before took counts for as much of it as the last ``expiry`` seconds still cover. So
a limit can't be had twice at the turn of a window, and a client costs two integers, whatever its
limit.

Source: ``limits``, strategy "sliding window counter", whose scripts count in Redis.
"""

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request.

    Args:
        passed: It was within the limit, and is counted.
        remaining: Requests that would pass now.
        reset_seconds: Until the window ends; when none remains, until the next request would pass.
    """

    passed: bool
    remaining: int
    reset_seconds: float


def weigh(previous: int, left_seconds: float, expiry_seconds: int, current: int) -> int:
    """Requests that count now.

    Args:
        previous: Taken in the window before.
        left_seconds: Of the current window.
        expiry_seconds: Length of a window.
        current: Taken in the current window.
    """
    return floor(previous * left_seconds / expiry_seconds) + current


def told(
    passed: bool, limit: int, previous: int, left_seconds: float, expiry_seconds: int, current: int
) -> Taken:
    """The outcome of a request, from the two counters after it.

    Args:
        passed: It was counted.
        limit: Most requests within ``expiry_seconds``.
        previous: See ``weigh``, as the rest.
    """
    remaining = max(0, limit - weigh(previous, left_seconds, expiry_seconds, current))
    if remaining:
        return Taken(passed, remaining, left_seconds)
    return Taken(passed, 0, _until_next(limit, previous, left_seconds, expiry_seconds, current))


def _until_next(
    limit: int, previous: int, left_seconds: float, expiry_seconds: int, current: int
) -> float:
    if (
        current < limit
    ):  # what the window before took has to weigh less: previous * left / expiry < limit - current
        return max(0.0, left_seconds - (limit - current) * expiry_seconds / previous)
    return left_seconds + max(0.0, expiry_seconds - limit * expiry_seconds / current)
