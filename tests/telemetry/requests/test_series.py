"""The series of requests are, sample by sample, those that the instruments' own methods make."""

import gc
import random
import threading

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from telemetry import names
from telemetry.exposition import Exposition, choose_format
from telemetry.guard import Guard
from telemetry.metrics import Metrics, observe_traced
from telemetry.requests.completed import freeze
from telemetry.requests.record import ABORTED, FAILED
from telemetry.requests.series import RequestMetrics
from tests.telemetry.records import completed, record

NOW = 1_700_000_000.25


class InstrumentsThemselves:
    """The same begin step and sink, by the public methods of the instruments."""

    def __init__(self, metrics):
        self.duration = metrics.histogram(names.REQUEST_DURATION)
        self.aborted = metrics.counter(names.ABORTED_REQUESTS)
        self.phase = metrics.counter(names.REQUEST_PHASE)
        self.bytes = metrics.counter(names.RESPONSE_SIZE)
        self.active = metrics.gauge(names.ACTIVE_REQUESTS)

    def begin(self, request):
        self.active.labels(request.method_label).inc()

    def __call__(self, request):
        self.active.labels(request.method_label).dec()
        status = "" if request.status is None else str(request.status)
        observe_traced(
            self.duration.labels(request.method_label, request.route, status),
            request.duration_seconds,
            request.trace_id if request.sampled else "",
        )
        for phase, seconds in request.phase_seconds.items():
            self.phase.labels(request.route, phase).inc(seconds)
        if request.response_bytes:
            self.bytes.labels(request.route).inc(request.response_bytes)
        cut = request.outcome in FAILED and (request.status or 0) < 500
        if request.outcome in ABORTED or cut:
            self.aborted.labels(request.route, request.outcome, status).inc()


def some_requests():
    """Requests of each kind; durations on the bounds of buckets, between, below and above them."""
    chosen = random.Random(7)
    durations = [*names.LATENCY_BUCKETS, 0.0, 1e-9, 0.0123, 99.5, 7200.0]
    return [
        {
            "method_label": chosen.choice(["GET", "POST", "_OTHER"]),
            "route": chosen.choice(["/", '/a"<b>\\', "_UNMATCHED"]),
            "status": chosen.choice([200, 404, 503, None]),
            "sampled": chosen.random() < 0.5,
            "trace_id": f"{chosen.getrandbits(128):032x}",
            "duration_seconds": chosen.choice(durations),
            "phase_seconds": {"db": chosen.random(), "cpu": 0.0},
            "response_bytes": chosen.choice([0, 17]),
            "outcome": chosen.choice(["completed", "failed", "killed", "client_disconnected"]),
        }
        for _ in range(400)
    ]


def texts(registry):
    """Every way in which a registry is read."""
    exposition = Exposition(registry, Guard(strict=True, on_error=print))
    accepted = ("", "application/openmetrics-text; version=1.0.0")
    own = [b"".join(exposition.render(choose_format(accept))) for accept in accepted]
    return [*own, generate_latest(registry), generate_openmetrics(registry)]


@pytest.fixture
def _frozen_time(monkeypatch):
    monkeypatch.setattr("time.time", lambda: NOW)


@pytest.mark.usefixtures("_frozen_time")
@pytest.mark.parametrize("frozen", [True, False], ids=["completed", "record"])
def test_scrapes_are_the_same(frozen):
    scrapes = []
    for kind in (InstrumentsThemselves, RequestMetrics):
        registry = CollectorRegistry()
        series = kind(Metrics(registry))
        for facts in some_requests():
            request = record(**facts)
            series.begin(request)
            series(freeze(request) if frozen else request)
        series.begin(record(method_label="PUT"))
        scrapes.append(texts(registry))
    assert scrapes[0] == scrapes[1]
    assert b"trace_id=" in scrapes[1][1]


def test_negative_phase_is_an_error_and_changes_no_series():
    registry = CollectorRegistry()
    series = RequestMetrics(Metrics(registry))
    with pytest.raises(ValueError, match="phase db took -1"):
        series(completed(phase_seconds={"db": -1.0}, duration_seconds=2.0))
    assert registry.get_sample_value(
        "http_server_request_phase_seconds_total",
        {"http_route": "/api/v1/blog/posts/<slug>", "phase": "db"},
    ) in {None, 0.0}


def test_threads_lose_no_request():
    registry = CollectorRegistry()
    series = RequestMetrics(Metrics(registry))
    request = completed(duration_seconds=0.5, response_bytes=1)
    times = 5_000

    def observe():
        for _ in range(times):
            series.begin(request)
            series(request)

    threads = [threading.Thread(target=observe) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    labels = {"http_route": request.route}
    assert registry.get_sample_value("http_server_response_body_bytes_total", labels) == 4 * times
    assert (
        registry.get_sample_value(
            "http_server_active_requests", {"http_request_method": request.method_label}
        )
        == 0
    )


def test_collection_inside_may_complete_another_request():
    series = RequestMetrics(Metrics(CollectorRegistry()))
    seen = []

    class Unclosed:
        def __del__(self):
            series(completed())
            seen.append(1)

    class Phases(dict):
        def items(self):
            unclosed = Unclosed()
            unclosed.itself = unclosed
            del unclosed
            gc.collect()
            return super().items()

    series(record(phase_seconds=Phases(db=0.5), outcome="completed"))
    assert seen == [1]
