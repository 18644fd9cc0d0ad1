"""Health over HTTP: what ``telemetry.health`` answers, as it answers it. No route here waits for anything."""

from flask import Blueprint, Response, jsonify

from telemetry import names
from telemetry.health import Health, Verdict


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

    @routes.get(names.HEALTH_ROUTE)
    def report() -> Response:
        """All that is known of this worker; 503 when a part it needs is not up."""
        return _answer(health.report())

    @routes.get(names.LIVENESS_ROUTE)
    def liveness() -> Response:
        """200 while the process runs, whatever it depends on."""
        return _answer(health.liveness())

    @routes.get(names.READINESS_ROUTE)
    def readiness() -> Response:
        """Whether to send traffic here; 503 with the reasons why not."""
        return _answer(health.readiness())

    return routes
