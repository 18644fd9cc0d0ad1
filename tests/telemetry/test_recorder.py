"""A request is completed once, with its facts fixed before any sink sees it."""

import pytest
from prometheus_client import CollectorRegistry

from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.requests.recorder import Recorder, RequestMetrics, phases
from tests.telemetry.records import record


@pytest.fixture
def errors():
    return []


@pytest.fixture
def recorder(errors):
    return Recorder(Guard(strict=False, on_error=errors.append), clock_ns=lambda: 3_500_000_000)


def samples(registry):
    """Every sample but the buckets, the constant ones and the times of creation."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket"))
    }


def test_completion_fixes_the_facts_and_happens_once(recorder):
    seen = []
    recorder.add_sink("first", seen.append)
    request = record(greenlet=object())
    recorder.begin(request)
    assert recorder.in_flight == (request,)
    recorder.complete(request, "failed", ValueError("x"))
    recorder.complete(request, "completed")
    assert seen == [request]
    assert recorder.in_flight == ()
    assert (request.duration_seconds, request.outcome, request.error_type, request.greenlet) == (
        2.5,
        "failed",
        "ValueError",
        None,
    )


def test_a_failing_sink_keeps_nothing_from_the_next(recorder, errors):
    seen = []
    recorder.add_sink("broken", lambda _: 1 / 0)
    recorder.add_sink("next", seen.append)
    request = record()
    recorder.begin(request)
    recorder.complete(request, "completed")
    assert (seen, errors) == ([request], ["sink.broken"])


def test_what_no_wait_accounts_for_is_other():
    assert dict(phases(record(duration_seconds=2.0, waits={"db": 0.5, "db_pool_wait": 1.0}))) == {
        "db": 0.5,
        "db_pool_wait": 1.0,
        "other": 0.5,
    }


def test_parallel_waits_may_exceed_the_duration_but_other_is_never_negative():
    assert dict(phases(record(duration_seconds=1.0, waits={"db": 3.0}))) == {
        "db": 3.0,
        "other": 0.0,
    }


def test_one_request_in_every_series(recorder):
    registry = CollectorRegistry()
    sink = RequestMetrics(Metrics(registry))
    recorder.on_begin("metrics", sink.begin)
    recorder.add_sink("metrics", sink)
    request = record(waits={"db": 0.5}, response_bytes=100)
    recorder.begin(request)
    assert samples(registry) == {("http_server_active_requests", "GET"): 1.0}
    recorder.complete(request, "client_disconnected")
    route = "/api/v1/blog/posts/<slug>"
    assert samples(registry) == {
        ("http_server_active_requests", "GET"): 0.0,
        ("http_server_request_duration_seconds_count", "GET", route, "200"): 1.0,
        ("http_server_request_duration_seconds_sum", "GET", route, "200"): 2.5,
        ("http_server_request_phase_seconds_total", route, "db"): 0.5,
        ("http_server_request_phase_seconds_total", route, "other"): 2.0,
        ("http_server_response_body_bytes_total", route): 100.0,
        ("http_server_aborted_requests_total", route, "client_disconnected"): 1.0,
    }


@pytest.mark.parametrize(
    ("sampled", "exemplars"),
    [(True, [{"trace_id": "6f1c1f6e8f7e4a3b9c1d2e3f4a5b6c7d"}]), (False, [])],
)
def test_only_a_kept_trace_becomes_an_exemplar(recorder, sampled, exemplars):
    registry = CollectorRegistry()
    recorder.add_sink("metrics", RequestMetrics(Metrics(registry)))
    request = record(sampled=sampled)
    recorder.begin(request)
    recorder.complete(request, "completed")
    found = [
        sample.exemplar.labels
        for family in registry.collect()
        for sample in family.samples
        if sample.exemplar
    ]
    assert found == exemplars
