"""Widths of a table's columns: numbers get what they need, and the first key what is left.

Grafana gives columns without a width equal parts, and cuts what does not fit. Text is measured in
characters; a board is ``SCREEN_PIXELS`` wide at least, and a table that does not fit there is
refused when its board is built, see ``layout``.
"""

from typing import Final

from dashboards.config import State

SCREEN_PIXELS: Final = 1280
_BOARD_PIXELS: Final = SCREEN_PIXELS - 2 * 16
_COLUMNS: Final = 24
_GAP_PIXELS: Final = 8
_BORDERS_AND_SCROLL_BAR: Final = 2 + 10

_CHARACTER: Final = 8.0
_PADDING: Final = 14
_SORT_ICON: Final = 22
_LEAST_PIXELS: Final = 50
"""Grafana makes no column narrower."""

_NUMBER_CHARACTERS: Final = {"short": 7, "bool_yes_no": 4, "percentunit": 8, "s": 9, "bytes": 8}
"""Of the longest numbers by unit, such as ``0.00986%`` and ``4.25 weeks``; others have a suffix,
such as ``0.000278 ops/s``."""
_WITH_SUFFIX: Final = 14
_KEY_CHARACTERS: Final = {
    "http_route": 47,
    "alertname": 26,
    "service_instance_id": 18,
    "code": 56,
    "shape": 30,
    "service_name": 12,
    "deployment_environment_name": 12,
    "service_version": 10,
    "dominant_phase": 13,
    "db_operation_name": 14,
    "db_collection_name": 21,
    "severity": 7,
    "signal": 8,
    "kind": 8,
    "hop": 9,
    "reason": 12,
}
"""Of the longest usual values by label."""
LONGEST_KEY: Final = max(_KEY_CHARACTERS.values())
"""Characters of a name that no table cuts; a function's may have any length, and Grafana shows one
that is cut when the pointer is on it.
"""


def of_panel(columns: int) -> int:
    """Return the pixels that a table has in a panel of so many of the board's 24 columns."""
    one = (_BOARD_PIXELS - (_COLUMNS - 1) * _GAP_PIXELS) / _COLUMNS
    return int(one * columns + _GAP_PIXELS * (columns - 1)) - _BORDERS_AND_SCROLL_BAR


def of_number(heading: str, unit: str, states: tuple[State, ...], *, sorted_by: bool) -> int:
    """Return the pixels of a column of numbers, or of the states that they stand for."""
    number = _NUMBER_CHARACTERS.get(unit, _WITH_SUFFIX)
    longest = max([number, *(len(state.text) for state in states)])
    icon = _SORT_ICON if sorted_by else 0
    text = round(max(longest * _CHARACTER, len(heading) * _CHARACTER + icon))
    return max(text + _PADDING, _LEAST_PIXELS)


def of_key(heading: str, label: str) -> int:
    """Return the pixels that a column of a label's values has at least.

    Raises:
        KeyError: How long its values are is not known here.
    """
    return round(max(_KEY_CHARACTERS[label], len(heading)) * _CHARACTER) + _PADDING
