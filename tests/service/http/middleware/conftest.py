"""A client of the small app, with the settings that a test names."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.service.clients import ClosingClient
from tests.service.http.middleware.app import served


@pytest.fixture
def client_of() -> Callable[..., FlaskClient]:
    """Makes a client of the app under the given variables."""

    def make(**environ: str) -> FlaskClient:
        app = served(
            TELEMETRY_STRICT="true",
            DEPLOYMENT_ENVIRONMENT=environ.pop("DEPLOYMENT_ENVIRONMENT", "test"),
            **environ,
        )
        app.extensions["telemetry"].lifecycle.ready()
        app.test_client_class = ClosingClient
        return app.test_client()

    return make


@pytest.fixture
def client(client_of: Callable[..., FlaskClient]) -> FlaskClient:
    """A client of the app with the settings' defaults, but for a small body limit."""
    return client_of()
