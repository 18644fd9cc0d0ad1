"""The service on the shared MongoDB; each test has a database of its own, which is dropped."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from service.bootstrap import Service, build
from service.seed import seed
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.service.clients import PATIENT, ClosingClient, wait_until_ready
from tests.service.instrumented_app import InstrumentedApp, instrumented_app
from tests.stripe_mock import StripeMock

Build = Callable[..., Service]


@pytest.fixture
def database_uri(mongodb_uri: str) -> str:
    """A database of the test's own."""
    return f"{mongodb_uri}/service_{uuid4().hex[:12]}"


@pytest.fixture
def environ(database_uri: str) -> dict[str, str]:
    """Settings of the service; the address of tests is exempt from rate limits."""
    cheap = {"PASSWORD_TIME_COST": "1", "PASSWORD_MEMORY_KIB": "8"}
    exempt = {"RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/8"}
    return {"MONGODB_URI": database_uri, **PATIENT, **cheap, **exempt}


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Strict telemetry that is not started, so nothing runs in the background."""
    # No trace is kept: without a Collector, shutdown would try for two seconds to deliver each.
    settings = {
        "DEPLOYMENT_ENVIRONMENT": "test",
        "TELEMETRY_STRICT": "true",
        "SERVICE_VERSION": "1.2.3",
        "OTEL_TRACES_SAMPLER": "always_off",
    }
    telemetry = Telemetry(telemetry_config(settings))
    yield telemetry
    telemetry.shutdown()


@pytest.fixture
def build_service(environ: dict[str, str], telemetry: Telemetry) -> Iterator[Build]:
    """Build services with a test's settings and overrides, on an empty database with indexes.

    The metrics of one telemetry can be registered once: a second service needs another one.
    """
    built: list[Service] = []

    def make(settings: dict[str, str] | None = None, **overrides: Any) -> Service:
        overrides = {"telemetry": telemetry, **overrides}
        service = build(environ | (settings or {}), **overrides)
        service.app.test_client_class = ClosingClient
        service.telemetry.lifecycle.ready()
        service.mongo.set_up()
        built.append(service)
        return service

    yield make
    for service in built:
        service.mongo.client.drop_database(service.mongo.database.name)
        service.mongo.close()


@pytest.fixture
def service(build_service: Build) -> Service:
    """The whole service on an empty database."""
    return build_service()


@pytest.fixture
def seeded(service: Service) -> Service:
    """The whole service on the demo data."""
    seed(service)
    return service


@pytest.fixture
def connected(service: Service) -> Service:
    """The whole service with its background check of the database, and ready."""
    wait_until_ready(service)
    return service


@pytest.fixture
def client(seeded: Service) -> FlaskClient:
    """A client of the whole service on the demo data."""
    return seeded.app.test_client()


@pytest.fixture
def instrumented(
    environ: dict[str, str], stripe_mock: StripeMock, capfd: pytest.CaptureFixture[str]
) -> Iterator[InstrumentedApp]:
    """The whole service with all of its signals."""
    with instrumented_app(environ | stripe_mock.environ, capfd) as app:
        yield app
