"""Health routes: the verdicts of ``telemetry.health`` as responses.

No route here waits for anything.
"""

from typing import Any, Final

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, Field

from service import rate_limits
from service.http.operation import ResponseSpec, any_accept, operation
from telemetry import Health, Verdict

TAG: Final = "Health"


class HealthVerdict(BaseModel):
    """Members of every verdict, as in `telemetry.health`."""

    success: bool
    status: str
    state: str = Field(description="`starting`, `ready`, `draining` or `stopped`.")
    timestamp: str = Field(json_schema_extra={"format": "date-time"})
    uptime: float = Field(description="Seconds.")
    reasons: list[str] = Field(
        default=[], description="Why the status is not healthy; absent when it is."
    )


class ProbeVerdict(HealthVerdict):
    """Response to a probe."""

    evidence: dict[str, dict[str, Any]] = Field(
        description="Evidence of the verdict, each with its age in seconds."
    )


class HealthReport(HealthVerdict):
    """Health of one worker."""

    version: str
    environment: str
    services: dict[str, dict[str, Any]] = Field(
        description="Each component, with the age of its evidence."
    )
    system: dict[str, Any]
    process: dict[str, Any]
    sla: dict[str, Any]
    responseTime: str = Field(description="Time for this response, such as `0.21ms`.")
    avgResponseTime: str = Field(description="Average of the health routes.")


WELL: Final = {200: ResponseSpec("Healthy.", ProbeVerdict)}
PROBED: Final = WELL | {503: ResponseSpec("Unhealthy or shutting down.", ProbeVerdict)}
REPORTED: Final = {
    200: ResponseSpec("Healthy.", HealthReport),
    503: ResponseSpec("Unhealthy or shutting down.", HealthReport),
}


def _response(verdict: Verdict) -> Response:
    response = jsonify(verdict.body)
    response.status_code = verdict.status
    response.headers["Cache-Control"] = "no-store"
    return response


def blueprint(health: Health) -> Blueprint:
    """Return the three health routes.

    Args:
        health: Health of this worker.
    """
    routes = Blueprint("health", __name__)

    @routes.get(health.paths.report)
    @rate_limits.unlimited
    @operation(TAG, REPORTED)
    @any_accept
    def report() -> Response:
        """Get the health report.

        Describes every component of this worker; 503 when a required one is down.
        """
        return _response(health.report())

    @routes.get(health.paths.liveness)
    @rate_limits.unlimited
    @operation(TAG, WELL)
    @any_accept
    def liveness() -> Response:
        """Check liveness.

        200 while the process runs, whatever the state of its dependencies.
        """
        return _response(health.liveness())

    @routes.get(health.paths.readiness)
    @rate_limits.unlimited
    @operation(TAG, PROBED)
    @any_accept
    def readiness() -> Response:
        """Check readiness.

        200 when the worker should get traffic; 503 with the reasons when it should not.
        """
        return _response(health.readiness())

    return routes
