"""Which function waited, where nothing else names a wait."""

import sys
from types import FrameType
from typing import Final

from telemetry.greenlets import outside_of_waiting
from telemetry.requests.record import RequestRecord

MOST_FUNCTIONS: Final = 8


def count_unnamed(record: RequestRecord, seconds: float) -> None:
    """Add an unnamed wait of the running greenlet to its request's record.

    Args:
        record: Keeps the first ``MOST_FUNCTIONS`` functions.
        seconds: Of the wait.
    """
    functions = record.unnamed_waits
    if functions is None:
        functions = record.unnamed_waits = {}
    name = _waiting_function(sys._getframe(1))
    if name in functions or len(functions) < MOST_FUNCTIONS:
        functions[name] = functions.get(name, 0.0) + seconds


def _waiting_function(frame: FrameType | None) -> str:
    found = outside_of_waiting(frame)
    if found is None:
        return "unknown"
    return f"{found.f_globals.get('__name__', '')}:{found.f_code.co_qualname}"
