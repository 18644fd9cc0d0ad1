"""gunicorn's own log lines as JSON, with the members of telemetry's lines.

The arbiter writes them to standard error, before any worker exists; so this formats with the
standard library only.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger


class JsonLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger with JSON lines, for ``logger_class``."""

    def setup(self, cfg: Any) -> None:
        """Set up as gunicorn does, then format each line as JSON."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())


class JsonFormatter(logging.Formatter):
    """Formats each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Format time, level, logger, message, pid, and the exception where there is one."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="microseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, _ = record.exc_info
            line["exception"] = {
                "type": kind.__name__,
                "message": str(error),
                "stack": self.formatException(record.exc_info),
            }
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
