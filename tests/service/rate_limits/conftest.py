"""Apps with the limits of a test, alone or several on one Redis."""

import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.bootstrap import Service, build
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.redis_server import Redis
from tests.service.clients import ClosingClient, wait_until_ready
from tests.service.rate_limits.counted import Counted

Limited = Callable[..., FlaskClient]


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis that the test may break."""
    with Redis() as server:
        yield server


@pytest.fixture
def services() -> dict[Flask, Service]:
    """The services that ``limited`` built, by app."""
    return {}


@pytest.fixture
def limited(
    environ: dict[str, str], seeded: Service, services: dict[Flask, Service]
) -> Iterator[Limited]:
    """Build servers without exempt networks on the demo data, and return a client of each.

    Each has a telemetry of its own: ``client.application.extensions["telemetry"]``.
    """

    def make(**settings: str) -> FlaskClient:
        telemetry = Telemetry(
            telemetry_config(
                {
                    "DEPLOYMENT_ENVIRONMENT": "test",
                    "TELEMETRY_STRICT": "true",
                    "OTEL_TRACES_SAMPLER": "always_off",
                    "TELEMETRY_TRUSTED_PROXIES": "127.0.0.0/8",
                }
            )
        )
        telemetry.lifecycle.ready()
        service = build(
            environ | {"RATE_LIMIT_EXEMPT_NETWORKS": ""} | settings, telemetry=telemetry
        )
        services[service.app] = service
        service.app.test_client_class = ClosingClient
        return service.app.test_client()

    yield make
    for service in services.values():
        service.mongo.close()
        service.telemetry.shutdown()


@pytest.fixture
def until_ready(services: dict[Flask, Service]) -> Callable[[FlaskClient], None]:
    """Connects a client's service to its database and waits until it is ready."""

    return lambda client: wait_until_ready(services[client.application])


@pytest.fixture
def counted(telemetry):
    """Build counters on a Redis."""
    made = []

    def make(url, **given):
        made.append(Counted(url, telemetry.http_client, **given))
        return made[-1]

    yield make
    for one in made:
        one.counters.close()


@pytest.fixture
def lines(caplog):
    """Return the lines that rate limits logged."""
    caplog.set_level(logging.INFO, logger="service.rate_limits")
    return lambda: [record.getMessage() for record in caplog.records]
