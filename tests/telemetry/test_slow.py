"""A request over its threshold is counted and told, with the phase that took most."""

import logging

from prometheus_client import CollectorRegistry

from telemetry.metrics import Metrics
from telemetry.slow import SlowRequests
from tests.telemetry.records import record


def test_slow_request_is_counted_by_its_dominant_phase_and_logged_with_its_breakdown(caplog):
    registry = CollectorRegistry()
    request = record(duration_seconds=2.0, waits={"db": 0.2, "db_pool_wait": 1.5})
    with caplog.at_level(logging.WARNING, logger="telemetry.slow"):
        SlowRequests(Metrics(registry))(request)
    labels = {"http_route": "/api/v1/blog/posts/<slug>", "dominant_phase": "db_pool_wait"}
    assert registry.get_sample_value("http_server_slow_requests_total", labels) == 1.0
    (line,) = caplog.records
    assert line.getMessage() == "slow request: GET /api/v1/blog/posts/<slug> took 2.000 s, most of it in db_pool_wait"
    assert (line.request, line.fields) == (
        request,
        {"phases": {"db": 0.2, "db_pool_wait": 1.5, "other": 0.3}, "dominant_phase": "db_pool_wait"},
    )


def test_request_within_its_threshold_leaves_no_trace(caplog):
    registry = CollectorRegistry()
    SlowRequests(Metrics(registry))(record(duration_seconds=0.999))
    assert [sample for family in registry.collect() for sample in family.samples] == []
    assert caplog.records == []
