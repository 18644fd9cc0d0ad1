"""Logging calls with mistakes, made harmless where the standard library raises into the caller.

``Logger.makeRecord`` raises when ``extra`` names a member of the record, or is no mapping. Such a
call often stands on a path that runs once a year: the request would fail for its log line. While
installed, the record is made without what does not fit; that becomes members of the line, beside
the mistake.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

MISTAKE: Final = "logging_mistake"
"""Attribute of a record whose call had a mistake: what it was."""

_original: Final = logging.Logger.makeRecord
_users: set[int] = set()


def install(user: object) -> None:
    """Repair calls from now on, for all loggers of the process.

    Args:
        user: The last one to uninstall restores the standard library's method.
    """
    _users.add(id(user))
    logging.Logger.makeRecord = _make_record  # type: ignore[method-assign]


def uninstall(user: object) -> None:
    """End what ``install`` began."""
    _users.discard(id(user))
    if not _users and logging.Logger.makeRecord is _make_record:
        logging.Logger.makeRecord = _original  # type: ignore[method-assign]


def _make_record(self: logging.Logger, *given: Any, **named: Any) -> logging.LogRecord:
    try:
        return _original(self, *given, **named)
    except Exception as error:
        return _without_what_does_not_fit(self, given, named, error)


def _without_what_does_not_fit(
    logger: logging.Logger, given: tuple[Any, ...], named: dict[str, Any], error: Exception
) -> logging.LogRecord:
    # name, level, fn, lno, msg, args, exc_info, func, extra, sinfo
    values = dict(zip(_PARAMETERS, given, strict=False)) | named
    extra = values.pop("extra", None)
    try:
        record = _original(logger, **values)
    except Exception:
        record = _original(logger, **{**values, "args": ()})
    setattr(record, MISTAKE, f"{type(error).__name__}: {error}")
    _add_extra(record, extra)
    return record


_PARAMETERS: Final = (
    *("name", "level", "fn", "lno", "msg", "args", "exc_info", "func", "extra", "sinfo"),
)


def _add_extra(record: logging.LogRecord, extra: object) -> None:
    if not isinstance(extra, Mapping):
        if extra is not None:
            record.fields = {"extra": extra}
        return
    taken = {*record.__dict__, "message", "asctime"}
    misfits = {}
    for name, value in extra.items():
        if isinstance(name, str) and name not in taken:
            record.__dict__[name] = value
        else:
            misfits[name] = value
    fields = getattr(record, "fields", None)
    record.fields = {**misfits, **fields} if isinstance(fields, Mapping) else misfits
