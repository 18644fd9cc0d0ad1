"""Liveness and readiness: whole bodies, from a registry with real instruments."""

import time

import pytest
from gevent import monkey
from gevent._hub_local import get_hub_if_exists

from telemetry import Telemetry, names
from telemetry.config import TelemetryConfig
from telemetry.elapsed import elapsed_seconds
from telemetry.health import Health, HealthEvidence, Verdict
from telemetry.mongo.server_check import ServerCheck
from tests.clock import Clock
from tests.machine import PATIENCE_SECONDS
from tests.telemetry.health.bodies import NOON, head


def test_liveness_is_200_in_every_state_with_the_age_of_its_evidence(health, lifecycle, clock):
    clock.now += 2.5
    expected = head("alive", success=True, uptime=2.5, timestamp="2026-11-23T12:00:02.500Z") | {
        "evidence": {"server": {"ageSeconds": 2.5}}
    }

    assert health.liveness() == Verdict(200, expected | {"state": "starting"})
    lifecycle.drain("SIGTERM")
    assert health.liveness() == Verdict(200, expected | {"state": "draining"})
    lifecycle.stopped()
    assert health.liveness() == Verdict(200, expected | {"state": "stopped"})


def test_liveness_never_depends_on_the_database(health, check_database, lifecycle):
    health.expect_database()
    lifecycle.ready()
    check_database(up=False)

    assert health.liveness() == Verdict(
        200, head("alive", success=True) | {"evidence": {"server": {"ageSeconds": 0.0}}}
    )


def test_service_without_a_database_is_ready_once_it_has_started(health, lifecycle):
    starting = head("not ready", success=False, state="starting") | {
        "reasons": ["server: starting"],
        "evidence": {},
    }
    assert health.readiness() == Verdict(503, starting)

    lifecycle.ready()
    assert health.readiness() == Verdict(200, head("ready", success=True) | {"evidence": {}})


def test_readiness_depends_on_fresh_evidence_of_the_database(
    health, lifecycle, check_database, clock
):
    health.expect_database()
    lifecycle.ready()
    check_database()
    clock.now += 15.0

    expected = head("ready", success=True, uptime=15.0, timestamp="2026-11-23T12:00:15.000Z")
    assert health.readiness() == Verdict(
        200, expected | {"evidence": {"database": {"status": "connected", "ageSeconds": 15.0}}}
    )


@pytest.mark.parametrize(
    ("seconds", "up", "evidence", "reason"),
    [
        (0.0, None, {"status": "unknown"}, "database: never checked"),
        (1.0, False, {"status": "disconnected", "ageSeconds": 1.0}, "database: did not answer"),
        (
            15.1,
            True,
            {"status": "stale", "ageSeconds": 15.1},
            "database: stale, last checked 15.1 s ago",
        ),
    ],
)
def test_database_that_is_not_known_to_be_up_makes_the_service_not_ready(
    health, lifecycle, check_database, clock, seconds, up, evidence, reason
):
    health.expect_database()
    lifecycle.ready()
    if up is not None:
        check_database(up)
    clock.now += seconds

    verdict = health.readiness()

    assert (verdict.status, verdict.body["status"]) == (503, "not ready")
    assert verdict.body["reasons"] == [reason]
    assert verdict.body["evidence"] == {"database": evidence}


def test_gauges_that_exist_but_were_never_set_are_no_evidence(health, lifecycle, metrics):
    health.expect_database()
    lifecycle.ready()
    for metric in (names.MONGODB_UP, names.MONGODB_EVIDENCE, names.MONGODB_PING):
        metrics.gauge(metric)

    assert health.readiness().body["reasons"] == ["database: never checked"]
    assert health.report().body["services"]["database"] == {
        "status": "unknown",
        "healthy": False,
        "metrics": {},
    }


def test_reason_of_a_dead_database_is_the_kind_of_error_without_a_host(
    health, lifecycle, check_database
):
    health.expect_database(
        why_down=lambda: (
            "ServerSelectionTimeoutError: 10.0.0.7:27017: [Errno 111] Connection refused"
        )
    )
    lifecycle.ready()
    check_database(up=False)

    assert health.readiness().body["reasons"] == [
        "database: did not answer (ServerSelectionTimeoutError)"
    ]


def test_clock_that_was_put_back_makes_no_negative_age(health, lifecycle, check_database, clock):
    health.expect_database()
    lifecycle.ready()
    check_database()
    clock.now -= 3600.0

    assert health.readiness().body["evidence"] == {
        "database": {"status": "connected", "ageSeconds": 0.0}
    }


def test_draining_gives_its_reason_beside_the_others(health, lifecycle):
    lifecycle.ready()
    lifecycle.drain("SIGTERM")
    health.add_indicator(
        "store", lambda: HealthEvidence(healthy=False, reason="connecting, attempt 2 of 6")
    )
    health.add_indicator(
        "limits", lambda: HealthEvidence(healthy=False, reason="per worker"), group="report"
    )

    expected = head("not ready", success=False, state="draining") | {
        "reasons": ["server: draining (SIGTERM)", "store: connecting, attempt 2 of 6"],
        "evidence": {"store": {"status": "down", "ageSeconds": 0.0}},
    }
    assert health.readiness() == Verdict(503, expected)


def test_indicator_that_raises_makes_the_service_not_ready(health, lifecycle):
    lifecycle.ready()
    health.add_indicator("store", lambda: 1 / 0)

    assert health.readiness().body["reasons"] == ["store: its indicator raised ZeroDivisionError"]


@pytest.mark.parametrize("taken", ["database", "server", "store"])
def test_component_has_one_indicator(health, taken):
    health.add_indicator("store", lambda: HealthEvidence(healthy=True))

    with pytest.raises(ValueError, match=f"there is already a component called '{taken}'"):
        health.add_indicator(taken, lambda: HealthEvidence(healthy=True))


def test_native_thread_gets_its_verdicts_while_the_hub_is_held(health, lifecycle, check_database):
    lifecycle.ready()
    health.expect_database()
    check_database()
    verdicts: list[object] = []
    done = monkey.get_original("_thread", "allocate_lock")()
    done.acquire()

    def ask() -> None:
        verdicts.extend(
            verdict().status for verdict in (health.liveness, health.readiness, health.report)
        )
        verdicts.append(get_hub_if_exists())
        done.release()

    monkey.get_original("_thread", "start_new_thread")(ask, ())
    # A native lock: this thread's hub, if there is one, stands still until the verdicts are in.
    assert done.acquire(timeout=PATIENCE_SECONDS)
    assert verdicts == [200, 200, 200, None]


@pytest.mark.parametrize("step_seconds", [-86_400.0, -3600.0, 3600.0, 86_400.0, 3e9])
def test_step_of_the_time_of_day_changes_no_verdict(
    metrics, lifecycle, check_database, step_seconds
):
    wall, elapsed = Clock(NOON), Clock(1000.0)
    health = Health(TelemetryConfig(), metrics, lifecycle, clock=wall, monotonic=elapsed)
    checked_at = [1000.0]
    health.expect_database(age_seconds=lambda: elapsed.now - checked_at[0])
    lifecycle.ready()
    check_database()

    wall.now += step_seconds
    elapsed.now += 14.0
    fresh = health.readiness()
    elapsed.now += 2.0
    stale = health.readiness()
    checked_at[0] = elapsed.now
    again = health.readiness()

    assert (fresh.status, fresh.body["evidence"]["database"]["ageSeconds"]) == (200, 14.0)
    assert (stale.status, stale.body["reasons"]) == (
        503,
        ["database: stale, last checked 16.0 s ago"],
    )
    assert (again.status, again.body["uptime"]) == (200, 16.0)


def test_evidence_that_mongodb_telemetry_reports_has_the_age_of_elapsed_time():
    telemetry = Telemetry(TelemetryConfig(traces_exporter="none"))
    assert telemetry.mongo.evidence_age_seconds is None
    telemetry.mongo._poller.last_check = ServerCheck(0.0, up=True)  # in 1970, by the time of day
    assert 0.0 <= telemetry.mongo.evidence_age_seconds < 60.0


def test_time_that_the_machine_is_suspended_counts():
    assert elapsed_seconds() >= time.monotonic() - 0.001
    assert elapsed_seconds() == pytest.approx(
        time.clock_gettime(time.CLOCK_BOOTTIME), abs=PATIENCE_SECONDS
    )
