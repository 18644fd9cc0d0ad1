"""Lines below the log's level, had for the flight recorder without writing them.

A logger makes no record below its level, so the named loggers get the level DEBUG, and
``Logger._log`` hands what their former level leaves out to one function and ends there: no record
is made (5 µs), no caller is searched, and no handler gets the line, not even the service's own.
``isEnabledFor(DEBUG)`` is true for these loggers from then on.

Only one user at a time, in a process: loggers are global.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

Keep = Callable[[logging.Logger, int, object, tuple[Any, ...], Any, Any], object]
"""Called with logger, level, message, arguments, ``exc_info`` and ``extra`` of a call."""

_original: Final = logging.Logger._log
_lowered: dict[logging.Logger, int] = {}
_keep: list[Keep] = []


def install(loggers: Iterable[str], keep: Keep) -> None:
    """Lower the level of loggers, and have what they leave out.

    Args:
        loggers: Names; those below them that have no level of their own are lowered too.
        keep: Called with each line that is not to be written. It may not raise.
    """
    uninstall()
    _keep.append(keep)
    for name in loggers:
        logger = logging.getLogger(name)
        if not logger.level or logger.level > logging.DEBUG:
            _lowered[logger] = logger.level
            logger.setLevel(logging.DEBUG)
    logging.Logger._log = _log  # type: ignore[method-assign]


def uninstall() -> None:
    """Undo ``install``."""
    _keep.clear()
    for logger, level in _lowered.items():
        logger.setLevel(level)
    _lowered.clear()
    if logging.Logger._log is _log:
        logging.Logger._log = _original  # type: ignore[method-assign]


def _log(  # noqa: PLR0917 - the standard library's own parameters
    self: logging.Logger,
    level: int,
    msg: object,
    args: Any,
    exc_info: Any = None,
    extra: Any = None,
    stack_info: bool = False,
    stacklevel: int = 1,
) -> None:
    if _keep and level < _former_level(self):
        _keep[0](self, level, msg, args, exc_info, extra)
        return
    # One more: this function stands between the caller and the search for it.
    _original(self, level, msg, args, exc_info, extra, stack_info, stacklevel + 1)


def _former_level(logger: logging.Logger) -> int:
    """Return the level that a logger would have without ``install``; 0 where it is not lowered."""
    one: logging.Logger | None = logger
    while one is not None and not one.level:
        one = one.parent
    former = _lowered.get(one) if one is not None else None
    if one is None or former is None:
        return 0
    if former:
        return former
    return one.parent.getEffectiveLevel() if one.parent is not None else logging.WARNING
