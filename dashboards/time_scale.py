"""Durations of rules, all divided by one factor: a test sees within a minute what takes an hour."""

import re
from dataclasses import dataclass
from typing import Final

_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d)")

LARGEST: Final = 75.0
"""With it the shortest window, five minutes, is four seconds: four scrapes of a second."""


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Scales durations; objectives and thresholds of ratios stay as they are.

    Args:
        factor: By which every duration is divided; 1 to ``LARGEST``.

    Raises:
        ValueError: The factor is out of range.
    """

    factor: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.factor <= LARGEST:
            raise ValueError(f"time scale {self.factor:g}: should be from 1 to {LARGEST:g}")

    def __call__(self, duration: str) -> str:
        """Return a Prometheus duration such as ``5m``, scaled."""
        if self.factor == 1:
            return duration
        return of_seconds(self.seconds(duration))

    def seconds(self, duration: str | float) -> float:
        """Return the scaled length in seconds of a duration, or of a number of seconds."""
        length = in_seconds(duration) if isinstance(duration, str) else duration
        return round(length / self.factor, 3)


def in_seconds(duration: str) -> float:
    """Return the length of a Prometheus duration of one unit in seconds.

    Raises:
        ValueError: It has another form.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no duration of one unit")
    return int(found[1]) * _UNITS_MS[found[2]] / 1000


def of_seconds(seconds: float) -> str:
    """Return a length in seconds as a Prometheus duration, exact to the millisecond."""
    milliseconds = max(0, round(seconds * 1000))
    if milliseconds % 1000:
        return f"{milliseconds}ms"
    return f"{milliseconds // 1000}s"
