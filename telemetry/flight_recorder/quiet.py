"""Calls of a logger below its level, as lines that any thread may read later."""

import logging
import traceback
from collections.abc import Mapping
from typing import Any, Final

from telemetry.flight_recorder.notes import QuietLine
from telemetry.logs.plain import plain, text_of

_UNCHANGING: Final = frozenset({str, int, float, bool, type(None)})


def quiet_line(
    unix_seconds: float,
    level: int,
    logger: str,
    message: object,
    args: tuple[Any, ...],
    exc_info: Any,
    extra: Any,
) -> QuietLine:
    """Make a line of a call.

    What could change, or whose text is made by code of its own, becomes text at once: the reader is
    another thread, at another time.

    Args:
        unix_seconds: When it was called.
        level: See ``Logger.log``; so for the others.
        logger: Its name.
        message: See there.
        args: See there.
        exc_info: See there.
        extra: See there.
    """
    text = message if type(message) is str else text_of(message)
    if args and not _UNCHANGING.issuperset(map(type, args)):
        text, args = _formatted(text, args), ()
    members = _members(exc_info, extra) if exc_info or extra else {}
    return QuietLine(unix_seconds, logging.getLevelName(level), logger, text, args, members)


def _formatted(message: str, args: tuple[Any, ...]) -> str:
    # As ``LogRecord`` does with a single mapping.
    given = args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
    try:
        return message % given
    except Exception as error:
        return f"{message} ({type(error).__name__}: {text_of(error)})"


def _members(exc_info: Any, extra: Any) -> Mapping[str, Any]:
    members: dict[str, Any] = {}
    if isinstance(extra, Mapping):
        fields = plain(extra.get("fields", {}))
        others = plain({name: extra[name] for name in extra if name not in ("fields", "request")})
        members["fields"] = {
            **others,
            **(fields if isinstance(fields, dict) else {"fields": fields}),
        }
    if exc_info:
        members["exception"] = _exception(exc_info)
    return members


def _exception(exc_info: Any) -> str:
    error = exc_info if isinstance(exc_info, BaseException) else None
    lines = traceback.format_exception(error) if error else [traceback.format_exc()]
    return "".join(lines)
