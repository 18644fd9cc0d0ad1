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


MILLISECONDS: Final = r"^[0-9]+(\.[0-9]{1,2})?ms$"
PERCENTAGE: Final = r"^[0-9]{1,3}\.[0-9]%$"


class Memory(BaseModel):
    """Memory of the machine."""

    usedPercentage: str = Field(
        default="0.0%", pattern=PERCENTAGE, description="For people, such as `45.2%`."
    )
    usedPercent: float = Field(default=0.0, description="The same as a number, 0 to 100.")
    usedBytes: int = 0
    availableBytes: int = 0


class Cpu(BaseModel):
    """Processors of the machine."""

    cores: int = 0
    loadAverage: list[float] = Field(
        default=[0.0, 0.0, 0.0], description="Over 1, 5 and 15 minutes.", min_length=3, max_length=3
    )
    usage: float = Field(default=0.0, description="Per cent, 0 to 100, since the last sample.")


class System(BaseModel):
    """The machine; what its platform does not provide is absent."""

    memory: Memory
    cpu: Cpu
    platform: str


class HealthReport(HealthVerdict):
    """Health of one worker."""

    version: str
    environment: str
    services: dict[str, dict[str, Any]] = Field(
        description=(
            "Each component, with the age of its evidence. `status` of `database` is `connected`, "
            "`disconnected`, `stale` or `unknown`; of the others `up` or `down` instead."
        )
    )
    system: System
    process: dict[str, Any]
    sla: dict[str, Any]
    responseTime: str = Field(
        pattern=MILLISECONDS, description="Time for this response, such as `0.21ms`."
    )
    avgResponseTime: str = Field(pattern=MILLISECONDS, description="Average of the health routes.")


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
