"""The service on the shared MongoDB, each test in a database of its own that is dropped."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import ServiceConfig, telemetry_environ
from service.seed import seed
from service.store import Store, connect
from telemetry import Telemetry
from tests.service.clients import PATIENT, ClosingClient
from tests.service.watched import Watched, watching
from tests.stripe_mock import StripeMock


@pytest.fixture
def database_uri(mongodb_uri: str) -> str:
    """A database that no other test knows."""
    return f"{mongodb_uri}/service_{uuid4().hex[:12]}"


@pytest.fixture
def config(database_uri: str) -> ServiceConfig:
    # Every test comes from one address; tests of rate limits set their own.
    cheap = {
        "PASSWORD_TIME_COST": "1",
        "PASSWORD_MEMORY_KIB": "8",
        "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/8",
    }
    return ServiceConfig.from_env({"MONGODB_URI": database_uri, **PATIENT, **cheap})


@pytest.fixture
def store(config: ServiceConfig) -> Iterator[Store]:
    """An empty store whose indexes are there."""
    store = connect(config)
    store.set_up()
    yield store
    store.client.drop_database(store.database.name)
    store.close()


@pytest.fixture
def seeded(store: Store) -> Store:
    """A store with the demo posts."""
    seed(store)
    return store


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Telemetry that raises what it would otherwise drop; not started, so nothing of it runs in the
    background.
    """
    # No trace is kept: there is no Collector here, and the end would try for two seconds to deliver
    # each.
    settings = {
        "DEPLOYMENT_ENVIRONMENT": "test",
        "TELEMETRY_STRICT": "true",
        "SERVICE_VERSION": "1.2.3",
        "OTEL_TRACES_SAMPLER_ARG": "0",
    }
    telemetry = Telemetry.from_env(telemetry_environ(settings))
    yield telemetry
    telemetry.shutdown()


@pytest.fixture
def client(config: ServiceConfig, telemetry: Telemetry, seeded: Store) -> FlaskClient:
    """A client of the whole app on the demo posts."""
    telemetry.lifecycle.ready()
    app = create_app(config, telemetry, seeded)
    app.test_client_class = ClosingClient
    return app.test_client()


@pytest.fixture
def watched(
    database_uri: str, stripe_mock: StripeMock, capfd: pytest.CaptureFixture[str]
) -> Iterator[Watched]:
    """The whole app and all that is told of it."""
    with watching(database_uri, stripe_mock.environ, capfd) as watched:
        yield watched
