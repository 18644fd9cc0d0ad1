"""Short decimal numbers as texts, from tables: a third of what a format of a number costs."""

from typing import Final

_SHORT_DURATION: Final = 1000
_LONG_DURATION: Final = 10_000_000
_DURATIONS: Final = tuple([f"{number / 100:.2f}" for number in range(_SHORT_DURATION)])
"""Milliseconds below 10, by hundredths."""
HUNDRED: Final = tuple([f"{number:02d}" for number in range(100)])
"""Two digits, for integers that are split in place: a call costs as much as the rest."""
THOUSAND: Final = tuple([f"{number:03d}" for number in range(1000)])
"""Three digits, likewise."""


def milliseconds(seconds: float) -> str:
    """Return a duration as milliseconds with two decimals.

    Args:
        seconds: As all here, rounded half up where a format would round the exact number.
    """
    hundredths = int(seconds * 1e5 + 0.5)
    if 0 <= hundredths < _SHORT_DURATION:
        return _DURATIONS[hundredths]
    if 0 <= hundredths < _LONG_DURATION:
        return f"{hundredths // 100}.{HUNDRED[hundredths % 100]}"
    return f"{seconds * 1e3:.2f}"


def six_decimals(seconds: float) -> str:
    """Return seconds with six decimals."""
    microseconds = int(seconds * 1e6 + 0.5)
    if 0 <= microseconds < 1_000_000:
        return f"0.{THOUSAND[microseconds // 1000]}{THOUSAND[microseconds % 1000]}"
    return f"{seconds:.6f}"
