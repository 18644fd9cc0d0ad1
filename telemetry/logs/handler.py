"""Records of the standard library's logging as lines.

Whatever is wrong with a logging call, the caller goes on and the line is written: it holds what
could be read, and ``logging_error`` holds what could not. Messages, fields and exceptions may quote
what a client sent, so they are redacted; records of requests already are.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final

from telemetry.logs.lines import Line, timestamp
from telemetry.logs.mistakes import MISTAKE
from telemetry.logs.plain import plain, text_of
from telemetry.logs.writer import LogWriter
from telemetry.redaction import Redactor
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.record import RequestRecord, current_record

Request = RequestRecord | CompletedRequest
Values = tuple[str | bytes, ...]

BESIDE: Final = "fields"
"""Member that keeps the fields of a call whose names are the line's own."""
ERROR: Final = "logging_error"
OWN: Final = frozenset(
    {"time", "level", "logger", "message", "exception", "stack_info", "truncated_bytes"}
    | {ERROR, "logging_args", BESIDE}
)
MAX_NESTING: Final = 3
"""Lines that are made while the text of another is: more is a value that logs when it is read."""

_nesting: ContextVar[int] = ContextVar("telemetry_log_nesting", default=0)
_FORMATTER: Final = logging.Formatter()


def request_ids(request: Request | None) -> dict[str, str]:
    """Return the members that connect a line to its request."""
    if request is None:
        return {}
    return {
        "request_id": request.request_id,
        "trace_id": request.trace_id,
        "span_id": request.span_id,
    }


class JsonHandler(logging.Handler):
    """Turns the log records of the standard library into lines.

    ``extra={"fields": {...}}`` adds members; ``extra={"request": request}`` names the request,
    in flight or completed, where it is not the current one.

    Args:
        writer: Where the lines go.
        resource: Members of every line.
        redactor: Removes secrets.
    """

    def __init__(self, writer: LogWriter, resource: Mapping[str, str], redactor: Redactor) -> None:
        super().__init__()
        self._writer = writer
        self._resource = dict(resource)
        self._redactor = redactor
        self._own = OWN | self._resource.keys()
        self.on_line: Callable[[RequestRecord, Line], object] | None = None
        """Called with each line of a request in flight; it may not raise."""

    def createLock(self) -> None:
        """Make no lock: the queue is safe, and a native thread with a patched one stops the hub."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one line."""
        nesting = _nesting.get()
        if nesting >= MAX_NESTING:
            return
        _nesting.set(nesting + 1)
        try:
            line = self._line_of(record)
            self._writer.write(line)
            if self.on_line is not None:
                request = _request_of(record)
                if isinstance(request, RequestRecord):
                    self.on_line(request, line)
        finally:
            _nesting.set(nesting)

    def _line_of(self, record: logging.LogRecord) -> Line:
        try:
            return self._line(record)
        except Exception as error:
            # Of a record whose members were changed, or of a mistake of ours.
            return {
                "time": timestamp(time.time()),
                "level": text_of(getattr(record, "levelname", "ERROR")),
                "logger": text_of(getattr(record, "name", "")),
                "message": "a log record could not be read",
                ERROR: _described(error),
                **self._resource,
            }

    def _line(self, record: logging.LogRecord) -> dict[str, Any]:
        request = _request_of(record)
        values: Values = request.redacted_values if isinstance(request, RequestRecord) else ()
        message, mistakes = _message_of(record)
        line: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": text_of(record.levelname),
            "logger": text_of(record.name),
            "message": self._redactor.without(message, values),
            **request_ids(request),
        }
        if mistakes:
            line["logging_args"] = self._redactor.value(plain(record.args))
        fields = getattr(record, "fields", None)
        if fields is not None:
            mistakes += self._add_fields(line, fields)
        line |= self._resource
        if record.exc_info:
            mistakes += self._add_exception(line, record.exc_info, values)
        if record.stack_info:
            line["stack_info"] = self._redactor.without(text_of(record.stack_info), values)
        if found := getattr(record, MISTAKE, ""):
            mistakes += (text_of(found),)
        if mistakes:
            line[ERROR] = self._redactor.without("; ".join(mistakes), values)
        return line

    def _add_fields(self, line: dict[str, Any], fields: object) -> tuple[str, ...]:
        """Add the fields of a call; returns what is wrong with them."""
        members = self._redactor.value(plain(fields))
        if not isinstance(members, dict):
            line[BESIDE] = members
            return (f"fields should be a mapping, not {type(fields).__name__}",)
        own = self._own | line.keys()
        beside = {name: value for name, value in members.items() if name in own}
        line.update({name: value for name, value in members.items() if name not in own})
        if beside:
            line[BESIDE] = beside
        return ()

    def _add_exception(
        self, line: dict[str, Any], exc_info: Any, values: Values
    ) -> tuple[str, ...]:
        """Add the exception of a call; returns what is wrong with it."""
        try:
            kind, error, _ = exc_info
            if kind is not None:
                line["exception"] = {
                    "type": str(kind.__name__),
                    "message": self._redactor.without(text_of(error), values),
                    "stack": self._redactor.without(self._stack_of(exc_info), values),
                }
        except Exception as wrong:
            return (f"exc_info: {_described(wrong)}",)
        return ()

    def _stack_of(self, exc_info: Any) -> str:
        if self.formatter is not None:
            with suppress(Exception):
                return text_of(self.formatter.formatException(exc_info))
        return _FORMATTER.formatException(exc_info)


def _request_of(record: logging.LogRecord) -> Request | None:
    given = getattr(record, "request", None)
    # Not isinstance: a proxy such as Flask's ``request`` answers for what it stands for.
    for kind in (RequestRecord, CompletedRequest):
        if type(given) is kind:
            return given
    return current_record()


def _message_of(record: logging.LogRecord) -> tuple[str, tuple[str, ...]]:
    """Return the message, and what is wrong with it."""
    try:
        return str.__str__(record.getMessage()), ()
    except Exception as error:
        return text_of(record.msg), (_described(error),)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {text_of(error)}"
