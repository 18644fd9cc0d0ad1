"""A request is completed once: steps in order, then a frozen record for sinks in any order."""

import logging
import os
from itertools import permutations

import pytest
from prometheus_client import CollectorRegistry

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.logs import Logs
from telemetry.metrics import Metrics
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.recorder import (
    ACCOUNT_PHASES,
    Recorder,
    Step,
    account_phases,
)
from telemetry.requests.series import RequestMetrics
from telemetry.requests.slow import SlowRequests
from tests.telemetry.records import completed, record

ENDED_NS = 3_500_000_000
ROUTE = "/api/v1/blog/posts/<slug>"


@pytest.fixture
def errors():
    return []


@pytest.fixture
def guard(errors):
    return Guard(strict=False, on_error=errors.append)


@pytest.fixture
def recorder(guard):
    return Recorder(guard, clock_ns=lambda: ENDED_NS)


def samples(registry):
    """Every sample but the buckets, the constant ones and the times of creation."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket"))
    }


def test_a_sink_receives_the_whole_request_once(recorder):
    received = []
    recorder.add_sink("first", received.append)
    request = record(
        parent_span_id="b7ad6b7169203331",
        phase_seconds={"db": 2.0},
        greenlet=object(),
        redacted_values=("secret",),
        response_bytes=17,
    )
    recorder.begin(request)
    assert recorder.in_flight == (request,)
    recorder.complete(request, "failed", ValueError("x"))
    recorder.complete(request, "completed")
    assert recorder.in_flight == ()
    assert received == [
        CompletedRequest(
            request_id="6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d",
            trace_id="6f1c1f6e8f7e4a3b9c1d2e3f4a5b6c7d",
            span_id="00f067aa0ba902b7",
            parent_span_id="b7ad6b7169203331",
            sampled=True,
            method="GET",
            method_label="GET",
            route=ROUTE,
            scheme="http",
            host="serene.test:8000",
            path="/api/v1/blog/posts/calm",
            query="page=REDACTED&token=REDACTED",
            client_address="192.0.2.1",
            user_agent="test/1",
            started_unix_ns=1_700_000_000_000_000_000,
            duration_seconds=2.5,
            phase_seconds={"db": 2.0, "other": 0.5},
            slow_after_seconds=1.0,
            dominant_phase="db",
            status=200,
            response_bytes=17,
            outcome="failed",
            error_type="ValueError",
        )
    ]


def test_a_completed_record_holds_no_greenlet_and_no_client_values(recorder):
    request = record(greenlet=object(), redacted_values=("secret",))
    recorder.begin(request)
    recorder.complete(request, "completed")
    assert (request.outcome, request.greenlet, request.redacted_values) == ("completed", None, ())


def test_a_completed_request_is_frozen():
    request = completed()
    with pytest.raises(AttributeError):
        request.route = "/other"
    with pytest.raises(TypeError):
        request.phase_seconds["db"] = 1.0


def test_a_late_phase_changes_no_completed_request(recorder):
    received = []
    recorder.add_sink("first", received.append)
    request = record(phase_seconds={"db": 0.5})
    recorder.begin(request)
    recorder.complete(request, "completed")
    request.add_phase("db", 9.0)
    assert dict(received[0].phase_seconds) == {"db": 0.5, "other": 2.0}


def test_steps_run_in_their_order_and_before_the_sinks(guard):
    order = []

    def step(name):
        return Step(name, lambda request: order.append((name, request.outcome)))

    recorder = Recorder(
        guard,
        begin=(step("first begin"), step("second begin")),
        completion=(step("first end"), ACCOUNT_PHASES, step("second end")),
    )
    recorder.add_sink("sink", lambda request: order.append(("sink", request.outcome)))
    request = record()
    recorder.begin(request)
    recorder.complete(request, "completed")
    assert order == [
        ("first begin", None),
        ("second begin", None),
        ("first end", "completed"),
        ("second end", "completed"),
        ("sink", "completed"),
    ]


def test_a_completion_step_decides_whether_the_request_is_sampled(guard):
    def refuse(request):
        request.sampled = False

    received = []
    recorder = Recorder(guard, completion=(ACCOUNT_PHASES, Step("span", refuse)))
    recorder.add_sink("sink", received.append)
    request = record(sampled=True)
    recorder.begin(request)
    recorder.complete(request, "completed")
    assert [each.sampled for each in received] == [False]


def test_failing_steps_and_sinks_do_not_affect_the_next(guard, errors):
    received = []
    broken = Step("broken", lambda _: 1 / 0)
    recorder = Recorder(guard, begin=(broken,), completion=(broken, ACCOUNT_PHASES))
    recorder.add_sink("broken", lambda _: 1 / 0)
    recorder.add_sink("next", received.append)
    request = record(started_ns=0)
    recorder.begin(request)
    recorder.complete(request, "completed")
    assert [each.request_id for each in received] == [request.request_id]
    assert errors == ["begin.broken", "end.broken", "sink.broken"]


def test_time_that_no_phase_accounts_for_is_other():
    request = record(duration_seconds=2.0, phase_seconds={"db": 0.5, "db_pool_wait": 1.0})
    account_phases(request)
    assert request.phase_seconds == {"db": 0.5, "db_pool_wait": 1.0, "other": 0.5}


def test_phases_that_exceed_the_duration_are_scaled_down_to_it():
    request = record(duration_seconds=1.0, phase_seconds={"db": 3.0, "external": 1.0})
    account_phases(request)
    assert request.phase_seconds == {"db": 0.75, "external": 0.25}


def test_what_is_named_later_is_taken_from_what_only_the_hub_named():
    request = record(
        duration_seconds=1.0,
        phase_seconds={"cpu": 0.25, "external": 0.5, "lock": 0.25},
        unnamed_ns={"external": 500_000_000, "lock": 250_000_000},
    )
    request.add_phase("db", 0.625)
    account_phases(request)
    assert request.phase_seconds == {"cpu": 0.25, "lock": 0.125, "db": 0.625}


def test_one_request_in_every_series(guard):
    registry = CollectorRegistry()
    sink = RequestMetrics(Metrics(registry))
    recorder = Recorder(guard, begin=(Step("metrics", sink.begin),), clock_ns=lambda: ENDED_NS)
    recorder.add_sink("metrics", sink)
    request = record(phase_seconds={"db": 0.5}, response_bytes=100)
    recorder.begin(request)
    assert samples(registry) == {("http_server_active_requests", "GET"): 1.0}
    recorder.complete(request, "client_disconnected")
    assert samples(registry) == {
        ("http_server_active_requests", "GET"): 0.0,
        ("http_server_request_duration_seconds_count", "GET", ROUTE, "200"): 1.0,
        ("http_server_request_duration_seconds_sum", "GET", ROUTE, "200"): 2.5,
        ("http_server_request_phase_seconds_total", ROUTE, "db"): 0.5,
        ("http_server_request_phase_seconds_total", ROUTE, "other"): 2.0,
        ("http_server_response_body_bytes_total", ROUTE): 100.0,
        ("http_server_aborted_requests_total", ROUTE, "client_disconnected", "200"): 1.0,
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


def observation(guard, order):
    """All metrics, log lines and warnings of one slow, refused request, by the order of sinks."""
    registry, (reader, writer), warnings = CollectorRegistry(), os.pipe(), []
    metrics = Metrics(registry)
    logs = Logs(TelemetryConfig(environment="test"), metrics, guard, fd=writer)
    sinks = {
        "metrics": RequestMetrics(metrics),
        "slow": SlowRequests(metrics),
        "log": logs.requests,
    }

    def refuse(request):
        request.sampled = False

    class Handler(logging.Handler):
        def emit(self, line):
            warnings.append((line.getMessage(), line.fields, line.request))

    recorder = Recorder(
        guard, completion=(ACCOUNT_PHASES, Step("span", refuse)), clock_ns=lambda: ENDED_NS
    )
    for name in order:
        recorder.add_sink(name, sinks[name])
    handler = Handler()
    logging.getLogger("telemetry.slow").addHandler(handler)
    request = record(phase_seconds={"db": 2.0, "cpu": 0.25}, response_bytes=17)
    recorder.begin(request)
    recorder.complete(request, "failed", ValueError("x"))
    logging.getLogger("telemetry.slow").removeHandler(handler)
    written = os.read(reader, 1 << 16)
    os.close(writer)
    os.close(reader)
    exemplars = [sample.exemplar for family in registry.collect() for sample in family.samples]
    return samples(registry), exemplars, written, warnings


def test_the_order_of_sinks_has_no_meaning(guard, errors):
    observations = [observation(guard, order) for order in permutations(("metrics", "slow", "log"))]
    assert observations[1:] == observations[:1] * 5
    series, exemplars, written, warnings = observations[0]
    assert series["http_server_slow_requests_total", ROUTE, "db"] == 1.0
    assert (set(exemplars), written.count(b"\n"), len(warnings), errors) == ({None}, 1, 1, [])
