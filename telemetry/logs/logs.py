"""``Logs``: everything that writes logs in one process."""

import logging
from collections.abc import Callable

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.logs import mistakes
from telemetry.logs.access import RequestLog
from telemetry.logs.handler import JsonHandler
from telemetry.logs.lines import Line
from telemetry.logs.writer import LogWriter
from telemetry.metrics import Metrics
from telemetry.redaction import Redactor
from telemetry.requests.record import RequestRecord


class Logs:
    """Everything that writes logs in one process.

    Args:
        config: Level, and the members of every line that identify the process.
        metrics: Where dropped lines are counted.
        guard: Stands around the writing thread.
        fd: Where lines go; standard output by default.

    Attributes:
        members: Of every line.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, *, fd: int = 1
    ) -> None:
        dropped = metrics.counter(names.LOG_LINES_DROPPED)
        self.members: dict[str, str] = {
            "service": config.service_name,
            "instance": config.instance_id,
            "environment": config.environment,
        }
        self.writer = LogWriter(
            fd, guard, lambda reason: dropped.labels(reason).inc(), members=self.members
        )
        self.requests = RequestLog(self.writer, config, self.members)
        self._handler = JsonHandler(self.writer, self.members, Redactor(config.redact_names))
        self._level = config.log_level
        self._installed = False

    def install(self) -> None:
        """Make the root logger write JSON lines; its other handlers stay."""
        root = logging.getLogger()
        if not self._installed:
            root.addHandler(self._handler)
            root.setLevel(self._level)
            mistakes.install(self)
            self._installed = True

    def on_line(self, keep: Callable[[RequestRecord, Line], object] | None) -> None:
        """Call ``keep`` with each line of a request in flight; it may not raise."""
        self._handler.on_line = keep

    def uninstall(self) -> None:
        """Remove the handler."""
        logging.getLogger().removeHandler(self._handler)
        mistakes.uninstall(self)
        self._installed = False
