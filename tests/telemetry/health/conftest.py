"""Health on a registry with real instruments, and a clock that stands until it is moved."""

import pytest

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.health import Health
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from tests.clock import Clock
from tests.telemetry.health.bodies import NOON


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def lifecycle(metrics):
    return Lifecycle(metrics)


@pytest.fixture
def health(metrics, lifecycle, clock):
    config = TelemetryConfig.from_env(
        {"SERVICE_VERSION": "1.2.3", "DEPLOYMENT_ENVIRONMENT": "test"}
    )
    return Health(config, metrics, lifecycle, clock=clock, monotonic=clock)


@pytest.fixture
def check_database(metrics, clock):
    """Record one completed check of the database."""

    def record(up: bool = True) -> None:
        metrics.gauge(names.MONGODB_UP).set(up)
        metrics.gauge(names.MONGODB_EVIDENCE).set(clock.now)
        if up:
            metrics.gauge(names.MONGODB_PING).set(0.0012345)

    return record
