"""The sink that writes one line a request."""

from collections.abc import Mapping

from telemetry.config import TelemetryConfig
from telemetry.logs.handler import request_ids
from telemetry.logs.lines import timestamp
from telemetry.logs.writer import LogWriter
from telemetry.requests.completed import CompletedRequest


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
                "time": timestamp(request.started_unix_ns / 1e9 + request.duration_seconds),
                "level": "ERROR" if failed else "INFO",
                "logger": "access",
                "message": "request",
                **request_ids(request),
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
