"""Which function waited, where nothing else names a wait."""

import sys
from types import FrameType
from typing import Any, Final

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


def waiting_frame(greenlet: Any) -> FrameType | None:
    """Return the frame of the code that waits in a greenlet: no machinery of gevent, locks, queues.

    Args:
        greenlet: That does not run.

    Returns:
        ``None`` for one that has not begun, has ended or runs, and where all is machinery.
    """
    return _out_of_machinery(getattr(greenlet, "gr_frame", None))


def _out_of_machinery(frame: FrameType | None) -> FrameType | None:
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(_MACHINERY):
            return frame
        frame = frame.f_back
    return None


def _waiting_function(frame: FrameType | None) -> str:
    found = _out_of_machinery(frame)
    if found is None:
        return "unknown"
    return f"{found.f_globals.get('__name__', '')}:{found.f_code.co_qualname}"
