"""Structured logs: one JSON object a line, each with the ids of the request it belongs to.

Lines are appended to a bounded queue and written by a native thread, because a write to a pipe that
nobody reads would otherwise stop every request of the worker (docs/decisions). What does not fit is
dropped and counted; before ``start`` and after ``stop`` lines are written at once. Messages, fields
and exceptions may quote what a client sent, so they are redacted; a record already is.
"""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from gevent import monkey

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.redaction import Redactor
from telemetry.requests.record import RequestRecord, current_record
from telemetry.requests.recorder import phases

Line = Mapping[str, Any]

QUEUE_LINES: Final = 10_000
WRITE_EVERY_SECONDS: Final = 0.05
# Encoding holds the GIL; 64 lines are about half a millisecond of it, then the hub may run.
SLICE_LINES: Final = 64


def _timestamp(unix_seconds: float) -> str:
    return (
        datetime.fromtimestamp(unix_seconds, UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )


def _encode(line: Line) -> bytes:
    # ASCII: what a client sends may hold separators and control characters (U+2028, U+009B) that
    # readers of logs act on.
    return json.dumps(line, default=str, separators=(",", ":")).encode() + b"\n"


class LogWriter:
    """Writes lines to a file descriptor without ever making a greenlet wait.

    Args:
        fd: Where to; normally standard output.
        guard: Stands around the thread's work.
        on_drop: Called with the reason for each line that was dropped.
        queue_lines: Bound of the queue, in lines.
    """

    def __init__(
        self,
        fd: int,
        guard: Guard,
        on_drop: Callable[[str], None],
        *,
        queue_lines: int = QUEUE_LINES,
    ) -> None:
        self._fd = fd
        self._guard = guard
        self._on_drop = on_drop
        self._queue_lines = queue_lines
        self._queue: deque[Line] = deque()
        self._running = False
        self._idle = True
        self._sleep = monkey.get_original("time", "sleep")
        self._write_fd = monkey.get_original("os", "write")

    def start(self) -> None:
        """Start the writing thread; after the fork, when the main thread has its hub."""
        if not self._running:
            self._running, self._idle = True, False
            monkey.get_original("_thread", "start_new_thread")(self._run, ())

    def write(self, line: Line) -> None:
        """Take one line; never waits, never raises."""
        if not self._running:
            self._write_now([line])
        elif len(self._queue) >= self._queue_lines:
            self._on_drop("queue_full")
        else:
            self._queue.append(line)

    def stop(self, timeout_seconds: float = 1.0) -> None:
        """Write what is queued and end the thread.

        Args:
            timeout_seconds: How long a reader that does not read may delay this; what is left then
                is dropped and counted.
        """
        self._running = False
        deadline = time.monotonic() + timeout_seconds
        while not self._idle and time.monotonic() < deadline:
            self._sleep(0.005)
        if not self._idle:
            for _ in self._take(self._queue_lines):
                self._on_drop("shutdown")

    def _run(self) -> None:
        while self._running:
            self._sleep(WRITE_EVERY_SECONDS)
            with self._guard.at("logs.writer"):
                self._drain()
        with self._guard.at("logs.writer"):
            self._drain()
        self._idle = True

    def _drain(self) -> None:
        while lines := self._take(SLICE_LINES):
            self._write_now(lines)
            self._sleep(0)

    def _take(self, most: int) -> list[Line]:
        lines: list[Line] = []
        with suppress(IndexError):  # the thread and a stop that lost patience may both take
            while len(lines) < most:
                lines.append(self._queue.popleft())
        return lines

    def _write_now(self, lines: list[Line]) -> None:
        # A line that cannot be encoded or written must end neither the thread nor the request that
        # wrote it.
        try:
            data = b"".join(map(_encode, lines))
            while data:
                data = data[self._write_fd(self._fd, data) :]
        except (OSError, ValueError, TypeError, RecursionError):
            for _ in lines:
                self._on_drop("unwritable")


def _request_ids(record: RequestRecord | None) -> dict[str, str]:
    if record is None:
        return {}
    return {"request_id": record.request_id, "trace_id": record.trace_id, "span_id": record.span_id}


class JsonHandler(logging.Handler):
    """Turns the log records of the standard library into lines.

    ``extra={"fields": {...}}`` adds members; ``extra={"request": record}`` names the request where
    it is no longer the current one.
    """

    def __init__(self, writer: LogWriter, resource: Mapping[str, str], redactor: Redactor) -> None:
        super().__init__()
        self._writer = writer
        self._resource = dict(resource)
        self._redactor = redactor

    def createLock(self) -> None:
        """No lock: the queue is safe, and a patched lock held by a native thread would stop the
        hub.
        """
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one line."""
        request = getattr(record, "request", None) or current_record()
        kept_out = request.kept_out if request else ()
        line: dict[str, Any] = {
            "time": _timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redactor.quoting(record.getMessage(), kept_out),
            **_request_ids(request),
            **self._redactor.value(getattr(record, "fields", {})),
            **self._resource,
        }
        if record.exc_info and record.exc_info[0] is not None:
            formatter = self.formatter or _FORMATTER
            line["exception"] = {
                "type": record.exc_info[0].__name__,
                "message": self._redactor.quoting(str(record.exc_info[1]), kept_out),
                "stack": self._redactor.quoting(
                    formatter.formatException(record.exc_info), kept_out
                ),
            }
        self._writer.write(line)


_FORMATTER = logging.Formatter()


class RequestLog:
    """The sink that writes one line a request.

    Args:
        writer: Where the lines go.
        config: Says from which level on lines are written, and whether these are.
        resource: Members of every line.
    """

    def __init__(
        self, writer: LogWriter, config: TelemetryConfig, resource: Mapping[str, str]
    ) -> None:
        self._writer = writer
        self._on = config.request_log
        self._resource = dict(resource)
        self._only_failed = config.log_level in ("WARNING", "ERROR")

    def __call__(self, record: RequestRecord) -> None:
        failed = record.outcome == "failed" or (record.status or 0) >= 500
        if not self._on or (self._only_failed and not failed):
            return
        self._writer.write(
            {
                "time": _timestamp(record.started_unix_ns / 1e9 + record.duration_seconds),
                "level": "ERROR" if failed else "INFO",
                "logger": "access",
                "message": "request",
                **_request_ids(record),
                "method": record.method,
                "route": record.route,
                "path": record.path,
                "query": record.query,
                "status": record.status,
                "duration_seconds": round(record.duration_seconds, 6),
                "phases": {phase: round(seconds, 6) for phase, seconds in phases(record)},
                "response_bytes": record.response_bytes,
                "client_address": record.client_address,
                "user_agent": record.user_agent,
                "outcome": record.outcome,
                **({"error_type": record.error_type} if record.error_type else {}),
                **self._resource,
            }
        )


class Logs:
    """Everything that writes logs in one process.

    Args:
        config: Level, and what every line says of the process.
        metrics: Where dropped lines are counted.
        guard: Stands around the writing thread.
        fd: Where lines go; standard output unless a test says otherwise.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, *, fd: int = 1
    ) -> None:
        dropped = metrics.counter(names.LOG_LINES_DROPPED)
        resource = {
            "service": config.service_name,
            "instance": str(config.slot),
            "environment": config.environment,
        }
        self.writer = LogWriter(fd, guard, lambda reason: dropped.labels(reason).inc())
        self.requests = RequestLog(self.writer, config, resource)
        self._handler = JsonHandler(self.writer, resource, Redactor(config.redact_names))
        self._level = config.log_level
        self._installed = False

    def install(self) -> None:
        """Make the root logger write JSON lines; what else was attached to it stays."""
        root = logging.getLogger()
        if not self._installed:
            root.addHandler(self._handler)
            root.setLevel(self._level)
            self._installed = True

    def uninstall(self) -> None:
        """Take the handler away again."""
        logging.getLogger().removeHandler(self._handler)
        self._installed = False
