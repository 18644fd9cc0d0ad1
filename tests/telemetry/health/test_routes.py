"""Health is served at the configured prefix, and on the management port at ``/health`` too."""

import pytest
from flask import Flask

from telemetry import SettingError, Telemetry, TelemetryConfig
from telemetry.health import Health, HealthPaths
from tests.telemetry.management.clients import get_json

PREFIX = "/api/v1/health"


@pytest.fixture
def make():
    """Build telemetry that is not started, with some settings."""
    made = []

    def build(**settings):
        common = {
            "TELEMETRY_STRICT": "true",
            "TELEMETRY_MANAGEMENT_PORT": "0",
            "OTEL_TRACES_SAMPLER": "always_off",
        }
        telemetry = Telemetry.from_env(common | settings)
        made.append(telemetry)
        return telemetry

    yield build
    for telemetry in made:
        telemetry.shutdown()


def test_paths_are_below_the_prefix():
    assert HealthPaths.under(PREFIX) == (
        "/api/v1/health",
        "/api/v1/health/liveness",
        "/api/v1/health/readiness",
    )


def test_prefix_is_health_by_default(metrics, lifecycle):
    assert Health(TelemetryConfig(), metrics, lifecycle).paths.report == "/health"


@pytest.mark.parametrize(
    "prefix", ["health", "/", "/health/", "//health", "/health?x", "/he alth", "/<health>", "/ü"]
)
def test_prefix_that_is_no_path_is_one_line(prefix):
    with pytest.raises(SettingError) as raised:
        TelemetryConfig.from_env({"TELEMETRY_HEALTH_PREFIX": prefix})

    assert str(raised.value) == (
        f"TELEMETRY_HEALTH_PREFIX={prefix!r}: "
        "should be a path such as /internal/health: it ends without a slash"
    )


@pytest.mark.parametrize("served_at", ["/health", PREFIX])
def test_management_port_serves_the_default_and_the_configured_prefix(make, served_at):
    telemetry = make(TELEMETRY_HEALTH_PREFIX=PREFIX)
    telemetry.lifecycle.ready()
    telemetry.management.start()

    statuses = {
        path: get_json(telemetry.management, path)[2]["status"]
        for path in HealthPaths.under(served_at)
    }

    assert list(statuses.values()) == ["healthy", "alive", "ready"]


def test_prefix_cannot_hide_the_metrics(make):
    telemetry = make(TELEMETRY_HEALTH_PREFIX="/metrics")

    assert telemetry.management._routes["/metrics"] == telemetry.management._metrics_response


def test_app_serves_health_when_asked_to(make):
    telemetry = make(TELEMETRY_HEALTH_PREFIX="/v1.0/health")
    app = Flask("shop")
    telemetry.add_health_routes(app)
    telemetry.init_app(app)
    client = app.test_client()

    found = []
    for path in HealthPaths.under("/v1.0/health"):
        with client.get(path) as response:
            body = response.get_json()
            found.append((response.status_code, body["status"], response.headers["Cache-Control"]))

    assert found == [
        (503, "unhealthy", "no-store"),
        (200, "alive", "no-store"),
        (503, "not ready", "no-store"),
    ]


def test_probes_of_the_app_are_not_counted_as_users_requests(make):
    telemetry = make(TELEMETRY_HEALTH_PREFIX=PREFIX)
    app = Flask("shop")
    app.add_url_rule("/items", view_func=lambda: "tea", endpoint="items")
    telemetry.add_health_routes(app)
    telemetry.init_app(app)
    client = app.test_client()
    for path in ("/items", *telemetry.health.paths):
        client.get(path).close()

    telemetry.health.sample()
    sla = telemetry.health.report().body["sla"]

    assert (sla["routes"]["requests"], sla["healthChecks"]["requests"]) == (1, 3)
