"""Tracing on its own registry, strict unless a test is about what production swallows."""

import uuid

import pytest

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.names import EXPORT_DURATION as DURATION
from telemetry.names import SPANS
from telemetry.names import SPANS_DROPPED as DROPPED
from telemetry.requests.record import RequestRecord, set_current_record
from telemetry.tracing import Tracing, WsgiServerSpans
from tests.support.delivered import delivered
from tests.telemetry.tracing.served import ENVIRON, complete

STARTED_UNIX_NS = 1_795_462_280_000_000_000


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def swallowed():
    """Places whose guard swallowed something, where a test lets it."""
    return []


@pytest.fixture
def guard():
    return Guard(strict=True, on_error=pytest.fail)


@pytest.fixture
def lenient_guard(swallowed):
    return Guard(strict=False, on_error=swallowed.append)


@pytest.fixture
def dropped(metrics):
    """Reads the drop counter: reasons with a count above zero."""

    def read():
        counter = metrics.counter(DROPPED)
        samples = [
            sample
            for sample in next(iter(counter.collect())).samples
            if sample.name.endswith("_total")
        ]
        return {sample.labels["reason"]: int(sample.value) for sample in samples if sample.value}

    return read


@pytest.fixture
def attempts(metrics):
    """Reads how many attempts to export ended how."""

    def read():
        samples = next(iter(metrics.histogram(DURATION).collect())).samples
        return {
            sample.labels["result"]: int(sample.value)
            for sample in samples
            if sample.name.endswith("_count")
        }

    return read


@pytest.fixture
def tracing_of(metrics, guard):
    """Builds tracing with settings; whatever was built is shut down."""
    built = []

    def build(guard=guard, clock=lambda: 0.0, **settings):
        tracing = Tracing(TelemetryConfig(**settings), metrics, guard, clock=clock)
        built.append(tracing)
        return tracing

    yield build
    for tracing in built:
        tracing.shutdown(timeout_seconds=0)


@pytest.fixture
def tracing(tracing_of):
    return tracing_of()


@pytest.fixture
def server_spans(tracing):
    return WsgiServerSpans(tracing)


@pytest.fixture
def spans_in():
    """Ended spans that wait in a queue, taken out."""
    return delivered


@pytest.fixture
def make_record():
    """Builds a record of ``GET /posts?page=2`` and makes it current; fields may be given."""

    def build(**fields):
        request_id = uuid.uuid4()
        given = {
            "request_id": str(request_id),
            "trace_id": request_id.hex,
            "method": "GET",
            "method_label": "GET",
            "path": "/posts",
            "query": "page=REDACTED",
            "scheme": "http",
            "host": "api.example.org:8000",
            "client_address": "192.0.2.7",
            "user_agent": "curl/8",
            "started_unix_ns": STARTED_UNIX_NS,
            "started_ns": 0,
        }
        record = RequestRecord(**{**given, **fields})
        set_current_record(record)
        return record

    yield build
    set_current_record(None)


@pytest.fixture
def decided(metrics):
    """Reads the counter of ended spans."""

    def read():
        samples = next(iter(metrics.counter(SPANS).collect())).samples
        return {
            sample.labels["decision"]: int(sample.value)
            for sample in samples
            if sample.name.endswith("_total") and sample.value
        }

    return read


@pytest.fixture
def deciding(tracing_of):
    """Builds tracing whose traces a test decides."""

    def build(keeping, **settings):
        tracing = tracing_of(**settings)
        tracing.outlet.keeping = keeping
        return tracing

    return build


@pytest.fixture
def serve(make_record):
    """Serves a request that does some work, and returns its record."""

    def run(tracing, work, fields=(), **facts):
        spans = WsgiServerSpans(tracing)
        record = make_record(**dict(fields))
        spans.open(record, ENVIRON)
        work()
        complete(record, **facts)
        spans.close(record)
        return record

    return run
