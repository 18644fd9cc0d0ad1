"""OpenTelemetry's variables, from the environment to a real receiver.

How each is parsed is in ``tests/telemetry/config/test_standard_variables.py``.
"""

import time

import gevent.ssl
import pytest
from opentelemetry.trace import Link, SpanContext

from telemetry.config import SettingError, TelemetryConfig
from telemetry.tracing import Tracing, WsgiServerSpans
from tests.telemetry.tracing import peers
from tests.telemetry.tracing.collector import Collector, peer, spans_of
from tests.telemetry.tracing.test_otlp_https import CERTIFICATE, KEY

PREFIX = "OTEL_EXPORTER_OTLP_"
FLUSH_SECONDS = 60.0


@pytest.fixture
def tracing_from(metrics, guard):
    """Builds tracing from variables; each is shut down."""
    built = []

    def build(environ):
        built.append(Tracing(TelemetryConfig.from_env(environ), metrics, guard))
        return built[-1]

    yield build
    for tracing in built:
        tracing.shutdown(timeout_seconds=0)


@pytest.fixture
def sent(tracing_from):
    """Sends one span as the variables define; returns the receiver.

    ``{url}`` in a variable is the receiver's URL.
    """

    def send(environ, ssl_context=None):
        with Collector(ssl_context=ssl_context) as collector:
            scheme, host = ("https", "localhost") if ssl_context else ("http", "127.0.0.1")
            url = f"{scheme}://{host}:{collector.server.server_port}"
            given = {f"{PREFIX}ENDPOINT": "{url}", **environ}
            tracing = tracing_from(
                {name: text.replace("{url}", url) for name, text in given.items()}
            )
            tracing.tracer.start_span("a", attributes={"text": "x" * 50}).end()
            assert tracing.flush(FLUSH_SECONDS)
            tracing.shutdown(FLUSH_SECONDS)
        return collector

    return send


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "/v1/traces"),
        ({f"{PREFIX}ENDPOINT": "{url}/base/"}, "/base/v1/traces"),
        ({f"{PREFIX}TRACES_ENDPOINT": "{url}"}, "/"),
        ({f"{PREFIX}TRACES_ENDPOINT": "{url}/in/"}, "/in/"),
        (
            {f"{PREFIX}ENDPOINT": "http://other.invalid", f"{PREFIX}TRACES_ENDPOINT": "{url}/t"},
            "/t",
        ),
    ],
)
def test_endpoint_is_where_spans_arrive(sent, environ, path):
    collector = sent(environ)
    assert collector.requests == [("POST", path, "application/x-protobuf")]
    assert collector.names == ["a"]


def test_headers_are_decoded_and_sent(sent):
    collector = sent({f"{PREFIX}HEADERS": "api-key=a%20b%2C%3D,User-Agent=shop/1"})
    (headers,) = collector.headers
    assert (headers["api-key"], headers["user-agent"]) == ("a b,=", "shop/1")


@pytest.mark.parametrize(
    ("compression", "encoding"), [("gzip", "gzip"), ("none", None), ("", None)]
)
def test_compression_is_that_of_the_request(sent, compression, encoding):
    collector = sent({f"{PREFIX}COMPRESSION": compression})
    assert collector.headers[0].get("content-encoding") == encoding
    assert collector.names == ["a"]


def test_certificates_are_those_of_the_connection(sent):
    context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    context.load_verify_locations(CERTIFICATE)
    context.verify_mode = gevent.ssl.CERT_REQUIRED
    files = {"CERTIFICATE": CERTIFICATE, "CLIENT_CERTIFICATE": CERTIFICATE, "CLIENT_KEY": KEY}
    collector = sent({f"{PREFIX}{name}": file for name, file in files.items()}, context)
    assert collector.names == ["a"]


def test_certificate_that_is_missing_stops_the_start(tracing_from):
    with pytest.raises(
        SettingError, match=r"^OTEL_EXPORTER_OTLP_CERTIFICATE='/no': cannot be used"
    ):
        tracing_from({f"{PREFIX}ENDPOINT": "https://localhost", f"{PREFIX}CERTIFICATE": "/no"})


@pytest.mark.slow
def test_timeout_is_in_milliseconds(tracing_from, attempts):
    with peer(peers.hangs) as url:
        tracing = tracing_from({f"{PREFIX}ENDPOINT": url, f"{PREFIX}TIMEOUT": "100"})
        tracing.tracer.start_span("a").end()
        started = time.monotonic()
        assert not tracing.flush(1.0)
    # In seconds it would be one attempt that has not ended.
    assert attempts()["timeout"] >= 2
    assert time.monotonic() - started < 60


@pytest.mark.slow
def test_batch_that_is_not_delivered_in_time_is_counted_as_lost(tracing_from, dropped):
    with Collector(*[503] * 100) as collector:
        tracing = tracing_from(
            {f"{PREFIX}ENDPOINT": collector.endpoint, "OTEL_BSP_EXPORT_TIMEOUT": "300"}
        )
        tracing.tracer.start_span("a").end()
        assert tracing.flush(FLUSH_SECONDS)
    assert (dropped(), collector.names) == ({"timeout": 1}, [])


def test_schedule_delay_is_in_milliseconds(tracing_from):
    with Collector() as collector:
        tracing = tracing_from(
            {f"{PREFIX}ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "20"}
        )
        tracing.start()
        tracing.tracer.start_span("a").end()
        assert collector.wait_for(1) == ["a"]


def test_schedule_delay_of_zero_lets_the_hub_rest(tracing_from):
    with Collector() as collector:
        tracing = tracing_from(
            {f"{PREFIX}ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "0"}
        )
        tracing.start()
        used = time.process_time()
        gevent.sleep(0.5)
        assert time.process_time() - used < 0.25
        tracing.tracer.start_span("a").end()
        assert collector.wait_for(1) == ["a"]


def test_queue_and_batch_have_the_sizes_that_are_set(tracing_from, dropped):
    with Collector() as collector:
        tracing = tracing_from(
            {
                f"{PREFIX}ENDPOINT": collector.endpoint,
                "OTEL_BSP_MAX_QUEUE_SIZE": "6",
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2",
            }
        )
        for name in "abcdefgh":
            tracing.tracer.start_span(name).end()
        assert tracing.flush(FLUSH_SECONDS)
    assert [len(spans_of([body])) for body in collector.accepted] == [2, 2, 2]
    assert dropped() == {"queue_full": 2}


def test_span_limits_are_those_that_are_set(tracing_from, spans_in):
    tracing = tracing_from(
        {
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "3",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "2",
            "OTEL_SPAN_EVENT_COUNT_LIMIT": "1",
            "OTEL_SPAN_LINK_COUNT_LIMIT": "1",
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "1",
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "0",
        }
    )
    link = Link(SpanContext(1, 2, is_remote=True), {"a": 1})
    span = tracing.tracer.start_span(
        "a", attributes=dict.fromkeys("xyz", "12345"), links=[link] * 2
    )
    for name in ("first", "second"):
        span.add_event(name, {"a": 1, "b": 2})
    span.end()
    (ended,) = spans_in(tracing.queue)
    assert dict(ended.attributes) == {"y": "123", "z": "123"}
    assert [(event.name, dict(event.attributes)) for event in ended.events] == [
        ("second", {"b": 2})
    ]
    assert [dict(one.attributes) for one in ended.links] == [{}]


@pytest.mark.parametrize(
    ("sampler", "argument", "decisions"),
    [
        ("always_on", "", [True, True]),
        ("always_off", "", [False, False]),
        ("traceidratio", "0.5", [True, False]),
        ("parentbased_traceidratio", "0.5", [True, False]),
        ("parentbased_always_off", "", [False, False]),
        ("jaeger_remote", "", [True, True]),  # not supported: reported, and the default counts
    ],
)
def test_sampler_decides_on_a_new_trace(tracing_from, make_record, sampler, argument, decisions):
    tracing = tracing_from({"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument})
    spans = WsgiServerSpans(tracing)
    sampled = []
    for low in ("f" * 14, "0" * 14):
        record = make_record(trace_id="1" * 18 + low)
        spans.open(record, {})
        sampled.append(record.sampled)
        spans.close(record)
    assert sampled == decisions


def test_resource_attributes_are_on_every_span(sent):
    collector = sent(
        {"OTEL_RESOURCE_ATTRIBUTES": "service.namespace=eu%20west,service.instance.id=pod-1"}
    )
    ((resource, _, _),) = spans_of(collector.accepted)
    attributes = {one.key: one.value.string_value for one in resource.attributes}
    assert attributes["service.namespace"] == "eu west"
    assert attributes["service.instance.id"] == "pod-1"
    assert attributes["service.name"].startswith("unknown_service:")


@pytest.mark.parametrize(
    "environ", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}]
)
def test_without_export_no_span_arrives_and_no_exemplar_names_one(
    tracing_from, make_record, dropped, environ
):
    with Collector() as collector:
        tracing = tracing_from(
            {f"{PREFIX}ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "10", **environ}
        )
        tracing.start()
        spans, record = WsgiServerSpans(tracing), make_record()
        spans.open(record, {})
        at_open = record.sampled
        spans.close(record)
        assert tracing.flush(1.0)
        assert tracing.shutdown()
    assert (at_open, record.sampled, collector.requests, dropped()) == (False, False, [], {})


def test_disabled_sdk_passes_the_callers_trace_on(tracing_from, make_record):
    tracing = tracing_from({"OTEL_SDK_DISABLED": "true"})
    spans = WsgiServerSpans(tracing)
    record = make_record(trace_id="1" * 32, parent_span_id="2" * 16, parent_sampled=True)
    spans.open(record, {})
    context = record.server_span.span.get_span_context()
    spans.close(record)
    assert (f"{context.trace_id:032x}", f"{context.span_id:016x}") == ("1" * 32, "2" * 16)
    assert (record.span_id, record.sampled) == ("", False)
