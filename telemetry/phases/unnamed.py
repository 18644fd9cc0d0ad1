"""Which function waited, where nothing else names a wait."""

import sys
from types import FrameType
from typing import Final

from telemetry.requests.record import RequestRecord

MOST_FUNCTIONS: Final = 8
_MACHINERY: Final = ("gevent.", "telemetry.phases.", "threading", "queue", "contextlib")


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
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_MACHINERY):
            return f"{module}:{frame.f_code.co_qualname}"
        frame = frame.f_back
    return "unknown"
