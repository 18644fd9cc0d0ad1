"""A request over its threshold is counted and logged, with the phase that took most."""

import logging
import math
import time

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from telemetry import Telemetry, current_record, names, slow_after
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.requests.recorder import Recorder
from telemetry.requests.slow import SlowRequests
from tests.support.delivered import delivered
from tests.telemetry.records import completed, record

SLOW = names.SLOW_REQUESTS.name


def test_slow_request_is_counted_by_its_dominant_phase_and_logged_with_its_breakdown(caplog):
    registry = CollectorRegistry()
    request = completed(duration_seconds=2.0, phase_seconds={"db": 0.2, "db_pool_wait": 1.5})
    with caplog.at_level(logging.WARNING, logger="telemetry.slow"):
        SlowRequests(Metrics(registry))(request)
    labels = {"http_route": "/api/v1/blog/posts/<slug>", "dominant_phase": "db_pool_wait"}
    assert registry.get_sample_value("http_server_slow_requests_total", labels) == 1.0
    (line,) = caplog.records
    assert (
        line.getMessage()
        == "slow request: GET /api/v1/blog/posts/<slug> took 2.000 s, most of it in db_pool_wait"
    )
    assert (line.request, line.fields) == (
        request,
        {
            "phases": {"db": 0.2, "db_pool_wait": 1.5, "other": 0.3},
            "dominant_phase": "db_pool_wait",
        },
    )


def test_request_within_its_threshold_leaves_no_trace(caplog):
    registry = CollectorRegistry()
    SlowRequests(Metrics(registry))(completed(duration_seconds=0.999))
    assert [sample for family in registry.collect() for sample in family.samples] == []
    assert caplog.records == []


@pytest.mark.parametrize(("duration_seconds", "dominant_phase"), [(0.999, ""), (1.0, "external")])
def test_completion_names_the_dominant_phase_of_a_slow_request(duration_seconds, dominant_phase):
    recorder = Recorder(
        Guard(strict=True, on_error=str),
        clock_ns=lambda: 1_000_000_000 + round(duration_seconds * 1e9),
    )
    request = record(phase_seconds={"db": 0.1, "external": 0.6})
    recorder.begin(request)
    recorder.complete(request, "completed")
    assert (request.duration_seconds, request.dominant_phase) == (duration_seconds, dominant_phase)


@pytest.fixture
def observed():
    """An app whose routes have different thresholds, and its completed requests."""

    def serve(**environ):
        telemetry = Telemetry.from_env(
            {"TELEMETRY_STRICT": "true", "TELEMETRY_SLOW_AFTER_SECONDS": "0.02", **environ}
        )
        records = []
        telemetry.recorder.add_sink("test", records.append)
        app = Flask("shop")

        @app.get("/report")
        @slow_after(30)
        def report():
            return _external("report")

        @slow_after(0.001)
        @app.get("/quick")
        def quick():
            return _external("quick")

        @app.get("/usual")
        def usual():
            return _external("usual")

        telemetry.init_app(app)
        return telemetry, app.test_client(), records

    return serve


def _external(answer):
    time.sleep(0.03)
    # So long that no pause of the machine exceeds it.
    current_record().add_phase("external", 30.0)
    return answer


def test_a_route_has_its_own_threshold_and_its_span_names_the_dominant_phase(observed, caplog):
    telemetry, client, records = observed()
    for path in ("/report", "/quick", "/usual"):
        client.get(path, buffered=True)
    assert [
        (record.route, record.slow_after_seconds, record.dominant_phase) for record in records
    ] == [
        ("/report", 30, ""),
        ("/quick", 0.001, "external"),
        ("/usual", 0.02, "external"),
    ]
    attributes = [
        (
            span.attributes["http.route"],
            span.attributes.get("request.slow"),
            span.attributes.get("request.dominant_phase"),
        )
        for span in delivered(telemetry.tracing.queue)
    ]
    assert attributes == [
        ("/report", None, None),
        ("/quick", True, "external"),
        ("/usual", True, "external"),
    ]
    counted = [
        sample.labels
        for family in telemetry.registry.collect()
        for sample in family.samples
        if sample.name == SLOW
    ]
    assert counted == [
        {"http_route": path, "dominant_phase": "external"} for path in ("/quick", "/usual")
    ]
    assert [line.levelname for line in caplog.records if line.name == "telemetry.slow"] == [
        "WARNING",
        "WARNING",
    ]


def test_switched_off_no_time_is_sent_and_nothing_is_slow(observed):
    _, client, records = observed(TELEMETRY_PERFORMANCE="false")
    answer = client.get("/quick", buffered=True)
    assert {"X-Response-Time", "Server-Timing"} & set(answer.headers.keys()) == set()
    assert [record.dominant_phase for record in records] == [""]


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_an_invalid_threshold_is_refused_at_the_decorator(seconds):
    with pytest.raises(ValueError, match="more than 0 seconds"):
        slow_after(seconds)


def test_the_warning_names_the_longest_wait_and_what_happened(caplog):
    request = record(phase_seconds={"db": 1.5})
    request.add_event("hub.waited", {"code": "shop:price", "stack": "a\nb", "seconds": 0.2})
    for subject, waited_ns in (("find posts", 1_000_000), ("find users", 500_000_000)):
        wait = request.begin_wait("db", subject)
        wait.waited_ns = waited_ns
        request.end_wait(wait)
    request.duration_seconds, request.dominant_phase = 1.5, "db"
    with caplog.at_level(logging.WARNING, logger="telemetry.slow"):
        SlowRequests(Metrics(CollectorRegistry()))(request)
    (line,) = caplog.records
    assert line.fields["longest_wait"] == {
        "phase": "db",
        "subject": "find users",
        "seconds": 0.5,
    }
    assert line.fields["events"] == [{"name": "hub.waited", "code": "shop:price", "seconds": 0.2}]
