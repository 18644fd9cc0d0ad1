"""Health over HTTP: what ``telemetry.health`` answers, as it answers it. No route here waits for
anything.
"""

from typing import Any, Final

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, Field

from service import rate_limits
from service.http.operation import ResponseSpec, operation
from telemetry import Health, Verdict

TAG: Final = "Health"


class HealthVerdict(BaseModel):
    """What every verdict says. Its members are `telemetry.health`'s own."""

    success: bool
    status: str
    state: str = Field(description="`starting`, `ready`, `draining` or `stopped`.")
    timestamp: str = Field(json_schema_extra={"format": "date-time"})
    uptime: float = Field(description="Seconds.")
    reasons: list[str] = Field(default=[], description="Why it is not well; only when it is not.")


class ProbeVerdict(HealthVerdict):
    """An answer to a probe."""

    evidence: dict[str, dict[str, Any]] = Field(
        description="What it rests on, and how many seconds old that is."
    )


class HealthReport(HealthVerdict):
    """All that is known of a worker."""

    version: str
    environment: str
    services: dict[str, dict[str, Any]] = Field(
        description="Each part, with the age of its evidence."
    )
    system: dict[str, Any]
    process: dict[str, Any]
    sla: dict[str, Any]
    responseTime: str = Field(description="Of this answer, such as `0.21ms`.")
    avgResponseTime: str = Field(description="Of the health routes.")


WELL: Final = {200: ResponseSpec("It is well.", ProbeVerdict)}
PROBED: Final = WELL | {503: ResponseSpec("It is not, or it is shutting down.", ProbeVerdict)}
REPORTED: Final = {
    200: ResponseSpec("It is well.", HealthReport),
    503: ResponseSpec("It is not, or it is shutting down.", HealthReport),
}


def _answer(verdict: Verdict) -> Response:
    response = jsonify(verdict.body)
    response.status_code = verdict.status
    response.headers["Cache-Control"] = "no-store"
    return response


def blueprint(health: Health) -> Blueprint:
    """The three health routes.

    Args:
        health: Of this worker.
    """
    routes = Blueprint("health", __name__)

    @routes.get(health.paths.report)
    @rate_limits.unlimited
    @operation(TAG, REPORTED)
    def report() -> Response:
        """All that is known of this worker; 503 when a part it needs is not up."""
        return _answer(health.report())

    @routes.get(health.paths.liveness)
    @rate_limits.unlimited
    @operation(TAG, WELL)
    def liveness() -> Response:
        """200 while the process runs, whatever it depends on."""
        return _answer(health.liveness())

    @routes.get(health.paths.readiness)
    @rate_limits.unlimited
    @operation(TAG, PROBED)
    def readiness() -> Response:
        """Whether to send traffic here; 503 with the reasons why not."""
        return _answer(health.readiness())

    return routes
