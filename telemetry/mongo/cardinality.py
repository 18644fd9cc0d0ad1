"""A bounded set of label values, for values that come from outside."""

from typing import Final

OTHER: Final = "_OTHER"
"""Stands for every value past the limit.

Source: OpenTelemetry semantic conventions, the fallback value for what is not known.
"""


class Bounded:
    """Maps every value but the first ``limit`` distinct ones to ``_OTHER``.

    Args:
        limit: Distinct values.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = {""}

    def __call__(self, value: str) -> str:
        """Return the value or ``_OTHER``; the empty value, an absent label, always passes."""
        if value in self._known:
            return value
        if len(self._known) > self._limit:
            return OTHER
        self._known.add(value)
        return value
