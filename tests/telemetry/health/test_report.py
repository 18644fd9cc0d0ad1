"""The report: whole bodies, from a registry with real instruments."""

import os

import pytest

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.health import Health, HealthEvidence, Verdict
from telemetry.health.checks import milliseconds
from telemetry.metrics import Metrics
from tests.telemetry.health.bodies import head

UNAME = os.uname()
NO_TIMES = {"requests": 0, "average": None, "p95": None, "trend": "unknown", "withinTarget": None}


def test_report_leaves_out_what_has_no_sample(health, lifecycle):
    lifecycle.ready()

    assert health.report() == Verdict(
        200,
        head("healthy", success=True)
        | {
            "version": "1.2.3",
            "environment": "test",
            "services": {
                "server": {"status": "up", "healthy": True, "ageSeconds": 0.0, "state": "ready"}
            },
            "system": {"memory": {}, "cpu": {}, "platform": f"{UNAME.sysname} {UNAME.release}"},
            "process": {"pid": os.getpid(), "gc": {}},
            "sla": {
                "target": "500ms",
                "withinTarget": None,
                "trend": "unknown",
                "requests": 0,
                "windowSeconds": 0.0,
                "ageSeconds": 0.0,
            }
            | {"routes": NO_TIMES, "healthChecks": NO_TIMES},
            "responseTime": "0ms",
            "avgResponseTime": "0ms",
        },
    )


def test_times_can_be_switched_off(metrics, lifecycle, clock):
    config = TelemetryConfig.from_env({"TELEMETRY_HEALTH_TIMES": "false"})
    sla = Health(config, metrics, lifecycle, clock=clock, monotonic=clock).report().body["sla"]
    assert sla.keys() == {
        "target",
        "withinTarget",
        "trend",
        "requests",
        "windowSeconds",
        "ageSeconds",
    }


def fill(metrics: Metrics) -> None:
    """Write what the other parts of telemetry write, with distinct figures."""
    pools = metrics.gauge(names.POOL_COUNT)
    for pool, used, idle in (("a:27017", 3, 2), ("b:27017", 1, 0)):
        pools.labels(pool, "used").set(used)
        pools.labels(pool, "idle").set(idle)
        metrics.gauge(names.POOL_MAX).labels(pool).set(10)
    metrics.counter(names.MONGODB_OPCOUNTERS).labels("insert").inc(40)
    metrics.counter(names.MONGODB_OPCOUNTERS).labels("query").inc(500)
    metrics.counter(names.MONGODB_NETWORK).labels("receive").inc(1024)
    metrics.counter(names.MONGODB_NETWORK).labels("transmit").inc(4096)
    metrics.gauge(names.MONGODB_SERVER_CONNECTIONS).labels("current").set(12)
    metrics.gauge(names.ACTIVE_REQUESTS).labels("GET").set(2)
    metrics.gauge(names.ACTIVE_REQUESTS).labels("POST").set(1)
    metrics.gauge(names.SYSTEM_MEMORY_RATIO).set(0.4321)
    metrics.gauge(names.SYSTEM_MEMORY_BYTES).labels("total").set(8_000_000_000)
    metrics.gauge(names.SYSTEM_CPU_COUNT).set(2)
    metrics.gauge(names.SYSTEM_CPU_RATIO).set(0.25)
    for period, load in (("1m", 1.5), ("5m", 1.2), ("15m", 1.0)):
        metrics.gauge(names.SYSTEM_LOAD).labels(period).set(load)
    metrics.gauge(names.PROCESS_CPU_RATIO).set(0.125)
    metrics.gauge(names.GREENLETS).set(17)
    metrics.gauge(names.Metric("process_resident_memory_bytes", "gauge", "x")).set(60_000_000)
    metrics.counter(names.Metric("process_cpu_seconds_total", "counter", "x")).inc(1.23456)
    metrics.gauge(names.Metric("process_open_fds", "gauge", "x")).set(21)
    for generation, collections, collected in (("0", 90, 700), ("1", 8, 50), ("2", 1, 5)):
        label = "generation"
        metrics.counter(
            names.Metric("python_gc_collections_total", "counter", "x", (label,))
        ).labels(generation).inc(collections)
        metrics.counter(
            names.Metric("python_gc_objects_collected_total", "counter", "x", (label,))
        ).labels(generation).inc(collected)
        metrics.counter(
            names.Metric("python_gc_objects_uncollectable_total", "counter", "x", (label,))
        ).labels(generation)


# The report of it, six seconds after the check and one after the sample.
SERVICES = {
    "server": {"status": "up", "healthy": True, "ageSeconds": 1.0, "state": "ready", "inFlight": 3},
    "database": {
        "status": "connected",
        "healthy": True,
        "ageSeconds": 6.0,
        "metrics": {
            "connections": {"current": 4, "available": 16},
            "operations": {"insert": 40, "query": 500},
            "network": {"receiveBytes": 1024, "transmitBytes": 4096},
            "serverConnections": {"current": 12},
            "pingMs": 1.234,
        },
    },
    "store": {"status": "up", "healthy": True, "ageSeconds": 0.0, "attempts": 1},
    "limits": {"status": "down", "healthy": False, "ageSeconds": 0.0, "reason": "no redis"},
}
SYSTEM = {
    "memory": {"usedPercentage": "43.2%", "usedPercent": 43.21, "totalBytes": 8_000_000_000},
    "cpu": {"cores": 2, "loadAverage": [1.5, 1.2, 1.0], "usage": 25.0},
    "platform": f"{UNAME.sysname} {UNAME.release}",
}
PROCESS = {
    "pid": os.getpid(),
    "rssBytes": 60_000_000,
    "cpuSeconds": 1.235,
    "cpuUsage": 12.5,
    "gc": {
        "collections": {"0": 90, "1": 8, "2": 1},
        "collectedObjects": 755,
        "uncollectableObjects": 0,
    },
    "greenlets": 17,
    "openFiles": 21,
}
SLA = {
    "target": "500ms",
    "withinTarget": 0.6667,
    "trend": "unknown",
    "requests": 3,
    "windowSeconds": 5.0,
    "ageSeconds": 1.0,
    "routes": {
        "requests": 3,
        "average": "400ms",
        "p95": "962.5ms",
        "trend": "unknown",
        "withinTarget": 0.6667,
    },
    "healthChecks": {
        "requests": 1,
        "average": "10ms",
        "p95": "9.75ms",
        "trend": "unknown",
        "withinTarget": 1.0,
    },
}


def test_report_has_everything_that_the_registry_knows(
    health, lifecycle, metrics, check_database, clock
):
    lifecycle.ready()
    health.expect_database()
    health.add_indicator("store", lambda: HealthEvidence(healthy=True, details={"attempts": 1}))
    health.add_indicator(
        "limits", lambda: HealthEvidence(healthy=False, reason="no redis"), group="report"
    )
    fill(metrics)
    latency = metrics.histogram(names.REQUEST_DURATION)
    for seconds, route in (
        (0.1, "/posts"),
        (0.2, "/posts"),
        (0.9, "/posts"),
        (0.01, health.paths.report),
    ):
        latency.labels("GET", route, "200").observe(seconds)
    check_database()
    clock.now += 5.0
    health.sample()
    clock.now += 1.0

    assert health.report() == Verdict(
        200,
        head("healthy", success=True, uptime=6.0, timestamp="2026-11-23T12:00:06.000Z")
        | {
            "version": "1.2.3",
            "environment": "test",
            "services": SERVICES,
            "system": SYSTEM,
            "process": PROCESS,
            "sla": SLA,
            "responseTime": "0ms",
            "avgResponseTime": "5ms",
        },
    )


def test_report_of_a_dead_database_is_503_with_the_pool_but_no_old_figures(
    health, lifecycle, metrics, check_database
):
    lifecycle.ready()
    health.expect_database()
    fill(metrics)
    check_database(up=True)
    check_database(up=False)

    verdict = health.report()

    assert (verdict.status, verdict.body["success"], verdict.body["status"]) == (
        503,
        False,
        "unhealthy",
    )
    assert verdict.body["reasons"] == ["database: did not answer"]
    assert verdict.body["services"]["database"] == {
        "status": "disconnected",
        "healthy": False,
        "ageSeconds": 0.0,
        "reason": "did not answer",
        "metrics": {"connections": {"current": 4, "available": 16}},
    }


def test_background_loop_that_stands_still_makes_the_report_unhealthy(health, lifecycle, clock):
    lifecycle.ready()
    clock.now += 15.1

    verdict = health.report()

    assert verdict.status == 503
    assert verdict.body["reasons"] == ["server: stale, last checked 15.1 s ago"]
    health.sample()
    assert health.report().status == 200


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.015, "15ms"), (0.01245, "12.45ms"), (0.5, "500ms"), (0.0002, "0.2ms"), (2.0, "2000ms")],
)
def test_times_are_formatted_as_in_the_contract(seconds, text):
    assert milliseconds(seconds) == text


def test_response_time_is_what_the_verdict_took(health, lifecycle, clock):
    def slow_indicator() -> HealthEvidence:
        clock.now += 0.015
        return HealthEvidence(healthy=True)

    lifecycle.ready()
    health.add_indicator("slow", slow_indicator)

    body = health.report().body

    assert (body["responseTime"], body["avgResponseTime"]) == ("15ms", "15ms")
