"""The test client, its view of problems, and what waits for a database on a busy machine."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.bootstrap import Service
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until

PATIENT = {
    f"MONGODB_{what}_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)
    for what in ("SERVER_SELECTION", "CONNECT", "SOCKET", "WAIT_QUEUE")
}
"""Time-outs of MongoDB that a busy machine does not reach."""


class ClosingClient(FlaskClient):
    """Read and close each response at once, as a server does; only then its request has ended."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


def problem(response: TestResponse) -> tuple[int, str]:
    """Return the status and the detail of a problem, which names its request."""
    body = response.get_json(force=True)
    assert (response.content_type, body["status"]) == (
        "application/problem+json",
        response.status_code,
    )
    assert body["request_id"] == response.headers["X-Request-ID"]
    return response.status_code, body["detail"]


def wait_until_ready(service: Service) -> None:
    """Connect a service to its database, check it in the background, and wait until it is ready."""
    service.mongo.start()
    service.telemetry.mongo.watch(service.mongo.client)
    wait_until(
        lambda: service.telemetry.health.readiness().status == 200,
        timeout_seconds=PATIENCE_SECONDS,
        what="the service is ready",
    )
