"""Liveness and readiness: whole bodies, from a registry that holds real instruments."""

import pytest
from gevent import monkey
from gevent._hub_local import get_hub_if_exists

from telemetry import names
from telemetry.health import Evidence, Verdict
from tests.machine import PATIENCE_SECONDS
from tests.telemetry.health.bodies import head


def test_liveness_is_200_in_every_state_and_tells_how_old_its_evidence_is(health, lifecycle, clock):
    clock.now += 2.5
    expected = head("alive", success=True, uptime=2.5, timestamp="2026-11-23T12:00:02.500Z") | {
        "evidence": {"server": {"ageSeconds": 2.5}}
    }

    assert health.liveness() == Verdict(200, expected | {"state": "starting"})
    lifecycle.drain("SIGTERM")
    assert health.liveness() == Verdict(200, expected | {"state": "draining"})
    lifecycle.stopped()
    assert health.liveness() == Verdict(200, expected | {"state": "stopped"})


def test_liveness_never_depends_on_the_database(health, look, lifecycle):
    health.expect_database()
    lifecycle.ready()
    look(up=False)

    assert health.liveness() == Verdict(
        200, head("alive", success=True) | {"evidence": {"server": {"ageSeconds": 0.0}}}
    )


def test_a_service_without_a_database_is_ready_once_it_has_started(health, lifecycle):
    starting = head("not ready", success=False, state="starting") | {
        "reasons": ["server: starting"],
        "evidence": {},
    }
    assert health.readiness() == Verdict(503, starting)

    lifecycle.ready()
    assert health.readiness() == Verdict(200, head("ready", success=True) | {"evidence": {}})


def test_readiness_stands_on_fresh_evidence_of_the_database(health, lifecycle, look, clock):
    health.expect_database()
    lifecycle.ready()
    look()
    clock.now += 15.0

    expected = head("ready", success=True, uptime=15.0, timestamp="2026-11-23T12:00:15.000Z")
    assert health.readiness() == Verdict(
        200, expected | {"evidence": {"database": {"status": "up", "ageSeconds": 15.0}}}
    )


@pytest.mark.parametrize(
    ("seconds", "up", "evidence", "reason"),
    [
        (0.0, None, {"status": "unknown"}, "database: never looked at"),
        (1.0, False, {"status": "down", "ageSeconds": 1.0}, "database: did not answer"),
        (
            15.1,
            True,
            {"status": "stale", "ageSeconds": 15.1},
            "database: stale, last looked at 15.1 s ago",
        ),
    ],
)
def test_a_database_that_is_not_seen_to_be_up_makes_the_service_not_ready(
    health, lifecycle, look, clock, seconds, up, evidence, reason
):
    health.expect_database()
    lifecycle.ready()
    if up is not None:
        look(up)
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

    assert health.readiness().body["reasons"] == ["database: never looked at"]
    assert health.report().body["services"]["database"] == {
        "status": "unknown",
        "healthy": False,
        "metrics": {},
    }


def test_a_database_that_is_down_says_of_what_kind_and_names_no_host(health, lifecycle, look):
    health.expect_database(
        why_down=lambda: (
            "ServerSelectionTimeoutError: 10.0.0.7:27017: [Errno 111] Connection refused"
        )
    )
    lifecycle.ready()
    look(up=False)

    assert health.readiness().body["reasons"] == [
        "database: did not answer (ServerSelectionTimeoutError)"
    ]


def test_a_clock_that_was_put_back_makes_no_negative_age(health, lifecycle, look, clock):
    health.expect_database()
    lifecycle.ready()
    look()
    clock.now -= 3600.0

    assert health.readiness().body["evidence"] == {"database": {"status": "up", "ageSeconds": 0.0}}


def test_draining_gives_its_reason_beside_the_others(health, lifecycle):
    lifecycle.ready()
    lifecycle.drain("SIGTERM")
    health.add_indicator(
        "store", lambda: Evidence(healthy=False, reason="connecting, attempt 2 of 6")
    )
    health.add_indicator(
        "limits", lambda: Evidence(healthy=False, reason="per worker"), group="report"
    )

    expected = head("not ready", success=False, state="draining") | {
        "reasons": ["server: draining (SIGTERM)", "store: connecting, attempt 2 of 6"],
        "evidence": {"store": {"status": "down", "ageSeconds": 0.0}},
    }
    assert health.readiness() == Verdict(503, expected)


def test_an_indicator_that_raises_makes_the_service_not_ready(health, lifecycle):
    lifecycle.ready()
    health.add_indicator("store", lambda: 1 / 0)

    assert health.readiness().body["reasons"] == ["store: its indicator raised ZeroDivisionError"]


@pytest.mark.parametrize("taken", ["database", "server", "store"])
def test_a_part_has_one_indicator(health, taken):
    health.add_indicator("store", lambda: Evidence(healthy=True))

    with pytest.raises(ValueError, match=f"there is already a part called '{taken}'"):
        health.add_indicator(taken, lambda: Evidence(healthy=True))


def test_a_native_thread_gets_its_verdicts_while_the_hub_is_held(health, lifecycle, look):
    lifecycle.ready()
    health.expect_database()
    look()
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
