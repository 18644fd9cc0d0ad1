"""Structured logs: one JSON object a line, each with the ids of the request it belongs to.

Lines are appended to a bounded queue and written by a native thread, because a write to a full pipe
would otherwise stop every request of the worker (docs/decisions). A line that does not fit is
dropped and counted; before ``start`` and after ``stop`` lines are written at once. Messages, fields
and exceptions may quote what a client sent, so they are redacted; records already are.
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
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.record import RequestRecord, current_record

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
    # ASCII: client text may hold separators and control characters (U+2028, U+009B) on which
    # readers of logs act.
    return json.dumps(line, default=str, separators=(",", ":")).encode() + b"\n"


class LogWriter:
    """Writes lines to a file descriptor without ever making a greenlet wait.

    Args:
        fd: Written to; normally standard output.
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
        """Start the thread that writes; after the fork, when the main thread has its hub."""
        if not self._running:
            self._running, self._idle = True, False
            monkey.get_original("_thread", "start_new_thread")(self._run, ())

    def write(self, line: Line) -> None:
        """Queue one line; never waits, never raises."""
        if not self._running:
            self._write_now([line])
        elif len(self._queue) >= self._queue_lines:
            self._on_drop("queue_full")
        else:
            self._queue.append(line)

    def stop(self, timeout_seconds: float = 1.0) -> None:
        """Write the queued lines and end the thread.

        Args:
            timeout_seconds: Longest delay by a reader that does not read; lines left then are
                dropped and counted.
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
        with suppress(IndexError):  # the thread and a ``stop`` that timed out may both take
            while len(lines) < most:
                lines.append(self._queue.popleft())
        return lines

    def _write_now(self, lines: list[Line]) -> None:
        # A line that cannot be encoded or written must not end the thread or the request that
        # wrote it.
        try:
            data = b"".join(map(_encode, lines))
            while data:
                data = data[self._write_fd(self._fd, data) :]
        except (OSError, ValueError, TypeError, RecursionError):
            for _ in lines:
                self._on_drop("unwritable")


def _request_ids(request: RequestRecord | CompletedRequest | None) -> dict[str, str]:
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
    """

    def __init__(self, writer: LogWriter, resource: Mapping[str, str], redactor: Redactor) -> None:
        super().__init__()
        self._writer = writer
        self._resource = dict(resource)
        self._redactor = redactor

    def createLock(self) -> None:
        """Make no lock: the queue is safe, and a native thread with a patched one stops the hub."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one line."""
        request: RequestRecord | CompletedRequest | None = (
            getattr(record, "request", None) or current_record()
        )
        values = request.redacted_values if isinstance(request, RequestRecord) else ()
        line: dict[str, Any] = {
            "time": _timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redactor.without(record.getMessage(), values),
            **_request_ids(request),
            **self._redactor.value(getattr(record, "fields", {})),
            **self._resource,
        }
        if record.exc_info and record.exc_info[0] is not None:
            formatter = self.formatter or _FORMATTER
            line["exception"] = {
                "type": record.exc_info[0].__name__,
                "message": self._redactor.without(str(record.exc_info[1]), values),
                "stack": self._redactor.without(formatter.formatException(record.exc_info), values),
            }
        self._writer.write(line)


_FORMATTER = logging.Formatter()


class RequestLog:
    """The sink that writes one line a request.

    Args:
        writer: Where the lines go.
        config: Level of log lines, and whether requests are logged.
        resource: Members of every line.
    """

    def __init__(
        self, writer: LogWriter, config: TelemetryConfig, resource: Mapping[str, str]
    ) -> None:
        self._writer = writer
        self._on = config.request_log
        self._resource = dict(resource)
        self._only_failed = config.log_level in ("WARNING", "ERROR")

    def __call__(self, request: CompletedRequest) -> None:
        """Write the line of a completed request."""
        failed = request.outcome == "failed" or (request.status or 0) >= 500
        if not self._on or (self._only_failed and not failed):
            return
        self._writer.write(
            {
                "time": _timestamp(request.started_unix_ns / 1e9 + request.duration_seconds),
                "level": "ERROR" if failed else "INFO",
                "logger": "access",
                "message": "request",
                **_request_ids(request),
                "method": request.method,
                "route": request.route,
                "path": request.path,
                "query": request.query,
                "status": request.status,
                "duration_seconds": round(request.duration_seconds, 6),
                "phases": {
                    phase: round(seconds, 6) for phase, seconds in request.phase_seconds.items()
                },
                "response_bytes": request.response_bytes,
                "client_address": request.client_address,
                "user_agent": request.user_agent,
                "outcome": request.outcome,
                **({"correlation_ids": request.correlation_ids} if request.correlation_ids else {}),
                **({"error_type": request.error_type} if request.error_type else {}),
                **({"refusal": request.refusal} if request.refusal else {}),
                **self._resource,
            }
        )


class Logs:
    """Everything that writes logs in one process.

    Args:
        config: Level, and the members of every line that identify the process.
        metrics: Where dropped lines are counted.
        guard: Stands around the writing thread.
        fd: Where lines go; standard output by default.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, *, fd: int = 1
    ) -> None:
        dropped = metrics.counter(names.LOG_LINES_DROPPED)
        resource = {
            "service": config.service_name,
            "instance": config.instance_id,
            "environment": config.environment,
        }
        self.writer = LogWriter(fd, guard, lambda reason: dropped.labels(reason).inc())
        self.requests = RequestLog(self.writer, config, resource)
        self._handler = JsonHandler(self.writer, resource, Redactor(config.redact_names))
        self._level = config.log_level
        self._installed = False

    def install(self) -> None:
        """Make the root logger write JSON lines; its other handlers stay."""
        root = logging.getLogger()
        if not self._installed:
            root.addHandler(self._handler)
            root.setLevel(self._level)
            self._installed = True

    def uninstall(self) -> None:
        """Remove the handler."""
        logging.getLogger().removeHandler(self._handler)
        self._installed = False
