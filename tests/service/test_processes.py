"""The service in a process of its own, with a database that stops, hangs and comes back."""

import sys
from pathlib import Path

import pytest
import requests

from tests.service.processes import Running, refused
from tests.telemetry.health.example import differences

pytestmark = pytest.mark.e2e

LIVENESS = "/api/v1/health/liveness"
READINESS = "/api/v1/health/readiness"
HEALTH = "/api/v1/health"
THERAPISTS = "/api/v1/therapists"
"""A route that reads the database."""


def ready(answer: requests.Response) -> bool:
    return answer.status_code == 200


def reasons(answer: requests.Response) -> list[str]:
    return answer.json().get("reasons", [])


def is_down(answer: requests.Response) -> bool:
    return answer.status_code == 503 and any(
        reason.startswith("database: did not answer") for reason in reasons(answer)
    )


@pytest.fixture
def running(own_mongodb, tmp_path):
    with Running(f"{own_mongodb.uri}/serene", tmp_path) as service:
        yield service


def test_service_without_a_database_is_alive_and_reports_why_it_is_not_ready(own_mongodb, tmp_path):
    own_mongodb.stop()
    with Running(f"{own_mongodb.uri}/serene", tmp_path) as service:
        waiting = (
            "store: connecting to MongoDB, attempt 1 of 6: ServerSelectionTimeoutError, next in"
        )
        answer = service.until(
            READINESS,
            lambda answer: (
                answer.status_code == 503 and any(waiting in one for one in reasons(answer))
            ),
        )

        assert [reason.partition(":")[0] for reason in reasons(answer)] == ["database", "store"]
        assert service.get(LIVENESS).status_code == 200
        own_mongodb.start()
        service.until(READINESS, ready)
        assert service.get(THERAPISTS).json() == {"therapists": [], "next": None}
        assert service.stop() == 0


def test_service_is_alive_but_not_ready_while_its_database_is_down(running, own_mongodb):
    running.until(READINESS, ready)
    own_mongodb.stop()

    assert reasons(running.until(READINESS, is_down))[0].startswith("database: did not answer (")
    report = running.get(HEALTH)
    assert (
        report.status_code,
        report.json()["status"],
        report.json()["services"]["store"]["status"],
    ) == (503, "unhealthy", "up")
    assert running.get(LIVENESS).status_code == 200
    unavailable = running.get(THERAPISTS)
    assert (unavailable.status_code, unavailable.headers["Retry-After"]) == (503, "5")
    assert unavailable.json()["type"] == "urn:serene:problem:database-unavailable"

    own_mongodb.start()
    running.until(READINESS, ready)
    assert running.until(THERAPISTS, ready).json() == {"therapists": [], "next": None}
    assert running.stop() == 0


def test_health_routes_do_not_wait_for_a_database_that_hangs(own_mongodb, tmp_path):
    # A route that used the database would take one of these each time; a slow machine is faster.
    names = ("SERVER_SELECTION_TIMEOUT", "CONNECT_TIMEOUT", "SOCKET_TIMEOUT", "WAIT_QUEUE_TIMEOUT")
    with Running(
        f"{own_mongodb.uri}/serene",
        tmp_path,
        settings={f"MONGODB_{name}_SECONDS": "60" for name in names},
    ) as running:
        running.until(READINESS, ready)
        own_mongodb.freeze()
        try:
            running.until(READINESS, is_down)
            answers = [
                running.get(route).elapsed.total_seconds()
                for _ in range(50)
                for route in (HEALTH, LIVENESS, READINESS)
            ]
        finally:
            own_mongodb.thaw()

        assert max(answers) < 20
        running.until(READINESS, ready)
        assert running.stop() == 0


def test_report_of_a_healthy_service_is_complete(running):
    running.until(READINESS, ready)
    running.get(THERAPISTS)
    body = running.until(
        HEALTH, lambda answer: ready(answer) and answer.json()["sla"]["requests"] > 0
    ).json()

    # FerretDB reports neither operations nor traffic of its own.
    unreported = frozenset(
        f"services.database.metrics.{name}" for name in ("operations", "network")
    )
    assert differences(body, unreported) == []
    shape = {
        "database": {"status", "healthy", "ageSeconds", "metrics"},
        "server": {"status", "healthy", "ageSeconds", "state", "inFlight"},
        "store": {"status", "healthy", "ageSeconds", "attempts"},
        "rate_limits": {"status", "healthy", "ageSeconds", "storage"},
        "trace_export": set(body["services"]["trace_export"]),  # a Collector may listen, or not
    }
    assert {name: set(part) for name, part in body["services"].items()} == shape
    # FerretDB reports neither connections nor operations of its own.
    assert set(body["services"]["database"]["metrics"]) == {"connections", "pingMs"}
    assert set(body["services"]["database"]["metrics"]["connections"]) == {"current", "available"}
    assert body["services"]["server"]["inFlight"] == 1
    assert {part: set(body[part]) for part in ("system", "process", "sla")} == {
        "system": {"memory", "cpu", "platform"},
        "process": {"pid", "rssBytes", "cpuSeconds", "cpuUsage", "gc", "greenlets", "openFiles"},
        "sla": {
            "target",
            "withinTarget",
            "trend",
            "requests",
            "windowSeconds",
            "ageSeconds",
            "routes",
            "healthChecks",
        },
    }
    assert set(body["system"]["memory"]) == {
        "usedPercentage",
        "usedPercent",
        "availableBytes",
        "usedBytes",
    }
    assert set(body["system"]["cpu"]) == {"cores", "loadAverage", "usage"}
    numbers = [body["process"][name] for name in ("rssBytes", "greenlets", "openFiles")]
    assert min(numbers) > 0


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        (
            "MONGODB_MIN_POOL_SIZE",
            "99",
            "MONGODB_MIN_POOL_SIZE=99 and MONGODB_MAX_POOL_SIZE=10: the first should not be more "
            "than the second",
        ),
        ("SLA_TARGET_SECONDS", "0", "SLA_TARGET_SECONDS='0': should be greater than 0"),
    ],
)
def test_invalid_setting_ends_the_process_with_one_line(setting, value, line):
    assert refused(setting, value, sys.executable, "-m", "service") == (1, f"{line}\n")


def test_invalid_setting_stops_gunicorn_without_restarting_workers():
    gunicorn = Path(sys.executable).with_name("gunicorn")
    code, output = refused(
        "MONGODB_MAX_POOL_SIZE",
        "many",
        gunicorn,
        "-c",
        "service/gunicorn_conf.py",
        "service.wsgi:app",
    )

    assert code != 0
    assert output.count("MONGODB_MAX_POOL_SIZE='many': should be a valid integer") == 1
    assert "Traceback" not in output
