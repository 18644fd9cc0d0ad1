"""Clients of the small app with the settings of a test."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.service.clients import ClosingClient
from tests.service.http.middleware.app import served


@pytest.fixture
def client_of() -> Callable[..., FlaskClient]:
    """Build clients of the app with settings."""

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
    """A client of the app with default settings and a small body limit."""
    return client_of()
