"""How tests of the service ask it, and how long they wait for its database."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.machine import PATIENCE_SECONDS

PATIENT = {
    f"MONGODB_{what}_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)
    for what in ("SERVER_SELECTION", "CONNECT", "SOCKET", "WAIT_QUEUE")
}
"""For a database that is there, on a machine that is busy with other things too."""


class ClosingClient(FlaskClient):
    """Reads and closes each response at once, as a server does; only then has its request ended."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})
