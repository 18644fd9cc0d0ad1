"""Apps with limits of a test's own, alone or several on one Redis."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from service.bootstrap import build
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.redis_server import Redis
from tests.service.clients import ClosingClient

Limited = Callable[..., FlaskClient]


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis that the test may break."""
    with Redis() as server:
        yield server


@pytest.fixture
def limited(database_uri, seeded) -> Iterator[Limited]:
    """Makes servers that limit everybody; each has a telemetry of its own, as
    ``client.application.extensions["telemetry"]``.
    """
    made: list[Telemetry] = []

    def make(**environ: str) -> FlaskClient:
        settings = {
            "DEPLOYMENT_ENVIRONMENT": "test",
            "TELEMETRY_STRICT": "true",
            "OTEL_TRACES_SAMPLER_ARG": "0",
        }
        telemetry = Telemetry(
            telemetry_config(settings | {"TELEMETRY_TRUSTED_PROXIES": "127.0.0.0/8"})
        )
        made.append(telemetry)
        telemetry.lifecycle.ready()
        cheap = {"MONGODB_URI": database_uri, "PASSWORD_TIME_COST": "1", "PASSWORD_MEMORY_KIB": "8"}
        service = build(cheap | environ, telemetry=telemetry)
        service.app.test_client_class = ClosingClient
        return service.app.test_client()

    yield make
    for telemetry in made:
        telemetry.shutdown()
