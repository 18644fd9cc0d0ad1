"""The test client, and time-outs for a database on a busy machine."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.machine import PATIENCE_SECONDS

PATIENT = {
    f"MONGODB_{what}_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)
    for what in ("SERVER_SELECTION", "CONNECT", "SOCKET", "WAIT_QUEUE")
}
"""Time-outs of MongoDB that a busy machine does not reach."""


class ClosingClient(FlaskClient):
    """Read and close each response at once, as a server does; only then its request has ended."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})
