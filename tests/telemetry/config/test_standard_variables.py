"""OpenTelemetry's own variables: each is read as the specification asks, or is reported.

One row a variable and behaviour; what is sent is in ``tests/telemetry/tracing/test_variables.py``.
"""

import socket

import pytest

from telemetry.config import SettingError, TelemetryConfig, standard

PREFIX = "OTEL_EXPORTER_OTLP_"
INTEGER = "should be a whole number from 0 to 2147483647"
SAMPLERS = (
    "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, "
    "parentbased_traceidratio"
)

READ = [
    ({"OTEL_SERVICE_NAME": "shop"}, {"service_name": "shop"}),
    ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"}, {"service_name": "shop"}),
    (
        {"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"},
        {"service_name": "shop"},
    ),
    ({"OTEL_RESOURCE_ATTRIBUTES": "service.version=2.0"}, {"service_version": "2.0"}),
    (
        {"OTEL_RESOURCE_ATTRIBUTES": "service.version=2.0", "SERVICE_VERSION": "2.1"},
        {"service_version": "2.1"},
    ),
    ({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=qa-3"}, {"environment": "qa-3"}),
    ({"OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=pod-1"}, {"instance_id": "pod-1"}),
    ({"OTEL_RESOURCE_ATTRIBUTES": "host.name=node"}, {"instance_id": "node/0"}),
    (
        {"OTEL_RESOURCE_ATTRIBUTES": " team = a%2Cb%3Dc%20d , city=Z%C3%BCrich,empty=,"},
        {"resource_attributes": {"team": "a,b=c d", "city": "Zürich", "empty": ""}},
    ),
    ({"OTEL_SDK_DISABLED": "TRUE"}, {"sdk_disabled": True}),
    ({"OTEL_SDK_DISABLED": "False"}, {"sdk_disabled": False}),
    ({"OTEL_PROPAGATORS": "b3, tracecontext,b3"}, {"propagators": ("b3", "tracecontext")}),
    ({"OTEL_PROPAGATORS": "none"}, {"propagators": ()}),
    ({"OTEL_PROPAGATORS": "tracecontext,none"}, {"propagators": ()}),
    ({"OTEL_TRACES_SAMPLER": "ALWAYS_OFF"}, {"sampler": "always_off"}),
    (
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
        {"sampler": "traceidratio", "sample_ratio": 0.25},
    ),
    # The default sampler is the one with a ratio.
    (
        {"OTEL_TRACES_SAMPLER_ARG": "0.25"},
        {"sampler": "parentbased_traceidratio", "sample_ratio": 0.25},
    ),
    ({"OTEL_TRACES_EXPORTER": "none"}, {"traces_exporter": "none"}),
    ({f"{PREFIX}ENDPOINT": "http://c:1"}, {"traces_url": "http://c:1/v1/traces"}),
    ({f"{PREFIX}ENDPOINT": "http://c/base/"}, {"traces_url": "http://c/base/v1/traces"}),
    ({f"{PREFIX}TRACES_ENDPOINT": "https://c/in/"}, {"traces_url": "https://c/in/"}),
    (
        {f"{PREFIX}TRACES_ENDPOINT": "http://t:1", f"{PREFIX}ENDPOINT": "http://c"},
        {"traces_url": "http://t:1"},
    ),
    (
        {f"{PREFIX}HEADERS": "x-key=a%20b%3D, x-other = c=d "},
        {"otlp_headers": (("x-key", "a b="), ("x-other", "c=d"))},
    ),
    (
        {f"{PREFIX}HEADERS": "a=1", f"{PREFIX}TRACES_HEADERS": "b=2"},
        {"otlp_headers": (("b", "2"),)},
    ),
    ({f"{PREFIX}TIMEOUT": "1500"}, {"export_timeout_seconds": 1.5}),
    (
        {f"{PREFIX}TIMEOUT": "1500", f"{PREFIX}TRACES_TIMEOUT": "50"},
        {"export_timeout_seconds": 0.05},
    ),
    ({f"{PREFIX}TIMEOUT": "0"}, {"export_timeout_seconds": 2147483.647}),
    ({f"{PREFIX}COMPRESSION": "GZIP"}, {"compression": "gzip"}),
    (
        {f"{PREFIX}COMPRESSION": "gzip", f"{PREFIX}TRACES_COMPRESSION": "none"},
        {"compression": "none"},
    ),
    ({}, {"compression": "none"}),
    ({f"{PREFIX}ENDPOINT": "http://localhost:1"}, {"compression": "none"}),
    ({f"{PREFIX}ENDPOINT": "http://[::1]:1"}, {"compression": "none"}),
    ({f"{PREFIX}ENDPOINT": "http://collector:4318"}, {"compression": "gzip"}),
    (
        {f"{PREFIX}ENDPOINT": "http://collector", f"{PREFIX}COMPRESSION": "none"},
        {"compression": "none"},
    ),
    (
        {f"{PREFIX}ENDPOINT": "https://c", f"{PREFIX}CERTIFICATE": "/ca.pem"},
        {"otlp_certificate": "/ca.pem"},
    ),
    (
        {
            f"{PREFIX}ENDPOINT": "https://c",
            f"{PREFIX}CLIENT_KEY": "/key.pem",
            f"{PREFIX}CLIENT_CERTIFICATE": "/all.pem",
            f"{PREFIX}TRACES_CLIENT_CERTIFICATE": "/traces.pem",
        },
        {"otlp_client_key": "/key.pem", "otlp_client_certificate": "/traces.pem"},
    ),
    ({"OTEL_BSP_SCHEDULE_DELAY": "250"}, {"export_interval_seconds": 0.25}),
    ({"OTEL_BSP_EXPORT_TIMEOUT": "7000"}, {"batch_timeout_seconds": 7.0}),
    ({"OTEL_BSP_MAX_QUEUE_SIZE": "64"}, {"queue_spans": 64}),
    ({"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8"}, {"batch_spans": 8}),
    ({"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "9"}, {"span_attribute_length": 9}),
    (
        {
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "9",
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "8",
        },
        {"span_attribute_length": 8},
    ),
    (
        {"OTEL_ATTRIBUTE_COUNT_LIMIT": "5", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "0"},
        {"span_attributes": 5, "event_attributes": 0, "link_attributes": 5},
    ),
    ({"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "6"}, {"span_attributes": 6}),
    ({"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "7"}, {"link_attributes": 7}),
    ({"OTEL_SPAN_EVENT_COUNT_LIMIT": "3"}, {"span_events": 3}),
    ({"OTEL_SPAN_LINK_COUNT_LIMIT": "4"}, {"span_links": 4}),
    # Supported as what happens anyway.
    ({f"{PREFIX}PROTOCOL": "http/protobuf"}, {}),
    ({"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_LOGS_EXPORTER": "none"}, {}),
    ({"OTEL_METRICS_EXEMPLAR_FILTER": "trace_based"}, {}),
    # Read by others.
    ({"OTEL_SEMCONV_STABILITY_OPT_IN": "http", "OTEL_PYTHON_EXCLUDED_URLS": "x"}, {}),
]


@pytest.mark.parametrize(("given", "expected"), READ)
def test_variable_is_read_as_the_specification_asks(given, expected):
    config = TelemetryConfig.from_env(given)
    assert {name: getattr(config, name) for name in expected} == expected
    assert config.notices == ()


IGNORED = [
    ("OTEL_SDK_DISABLED", "1", "should be true or false"),
    ("OTEL_TRACES_SAMPLER", "xray", f"should be one of {SAMPLERS}"),
    ("OTEL_TRACES_SAMPLER_ARG", "2", "should be a number from 0 to 1"),
    ("OTEL_TRACES_SAMPLER_ARG", "nan", "should be a number from 0 to 1"),
    ("OTEL_TRACES_EXPORTER", "zipkin", "should be one of otlp, none"),
    (f"{PREFIX}COMPRESSION", "zstd", "should be one of gzip, none"),
    (f"{PREFIX}TIMEOUT", "10s", INTEGER),
    (f"{PREFIX}TIMEOUT", "-1", INTEGER),
    ("OTEL_BSP_SCHEDULE_DELAY", "-5", INTEGER),
    ("OTEL_BSP_EXPORT_TIMEOUT", "1.5", INTEGER),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "should be a whole number from 1 to 1000000"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", "should be a whole number from 1 to 8192"),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many", INTEGER),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", "-1", INTEGER),
    ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b", "entry 2 should be key=value, percent-encoded"),
    ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz", "entry 1 should be key=value, percent-encoded"),
    ("OTEL_RESOURCE_ATTRIBUTES", "a=%ff", "entry 1 should be percent-encoded UTF-8"),
    ("OTEL_RESOURCE_ATTRIBUTES", "=1", "entry 1 has no key"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), IGNORED)
def test_value_that_cannot_be_read_is_reported_and_ignored(name, value, allowed):
    config = TelemetryConfig.from_env({name: value})
    assert config.notices == (f"{name}='{value}': {allowed}; ignored",)
    assert config.model_copy(update={"notices": ()}) == TelemetryConfig()


NO_URL = "should be an http:// or https:// URL"
NO_PROPAGATORS = "should be a comma-separated list of tracecontext, baggage, b3, b3multi, none"
STOPPING = [
    (f"{PREFIX}ENDPOINT", "collector:4318", f"='collector:4318': {NO_URL}"),
    (f"{PREFIX}TRACES_ENDPOINT", "http://c:99999", f"='http://c:99999': {NO_URL}"),
    (f"{PREFIX}ENDPOINT", "ftp://me:secret@c", f"='ftp://***@c': {NO_URL}"),
    (f"{PREFIX}HEADERS", "secret", ": entry 1 should be key=value, percent-encoded"),
    (f"{PREFIX}HEADERS", "a=1,b c=secret", ": entry 2 is no HTTP header"),
    (f"{PREFIX}TRACES_HEADERS", "a=secret%0D%0Ab", ": entry 1 is no HTTP header"),
    (
        f"{PREFIX}HEADERS",
        "Content-Type=secret",
        ": entry 1 sets Content-Type, which describes the request itself",
    ),
    ("OTEL_PROPAGATORS", "jaeger", f"='jaeger': {NO_PROPAGATORS}"),
]


@pytest.mark.parametrize(("name", "value", "line"), STOPPING)
def test_value_without_which_spans_would_go_astray_stops_the_start(name, value, line):
    with pytest.raises(SettingError) as raised:
        TelemetryConfig.from_env({name: value})
    assert str(raised.value) == f"{name}{line}"
    assert "secret" not in str(raised.value)


def test_client_key_without_its_certificate_stops_the_start():
    with pytest.raises(SettingError) as raised:
        TelemetryConfig.from_env(
            {f"{PREFIX}ENDPOINT": "https://c", f"{PREFIX}CLIENT_KEY": "/key.pem"}
        )
    assert str(raised.value) == (
        f"{PREFIX}CLIENT_KEY is set, and {PREFIX}CLIENT_CERTIFICATE is not: the receiver needs both"
    )


OWN_FIRST = [
    ("TELEMETRY_EXPORT_TIMEOUT_SECONDS", f"{PREFIX}TRACES_TIMEOUT", "export_timeout_seconds"),
    ("TELEMETRY_EXPORT_INTERVAL_SECONDS", "OTEL_BSP_SCHEDULE_DELAY", "export_interval_seconds"),
    ("TELEMETRY_QUEUE_SPANS", "OTEL_BSP_MAX_QUEUE_SIZE", "queue_spans"),
    ("TELEMETRY_BATCH_SPANS", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "batch_spans"),
]


@pytest.mark.parametrize(("own", "standard", "field"), OWN_FIRST)
def test_our_own_variable_comes_first_and_the_other_is_reported(own, standard, field):
    config = TelemetryConfig.from_env({own: "3", standard: "5"})
    assert getattr(config, field) == 3
    assert config.notices == (f"{standard}: {own} comes first; ignored",)


TOGETHER = [
    (
        {"OTEL_TRACES_SAMPLER": "always_on", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
        "OTEL_TRACES_SAMPLER_ARG: always_on takes no argument; ignored",
        {"sampler": "always_on", "sample_ratio": 1.0},
    ),
    (
        {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "11"},
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=11: should be at most OTEL_BSP_MAX_QUEUE_SIZE=10; ignored",
        {"queue_spans": 10, "batch_spans": 512},
    ),
    (
        {f"{PREFIX}CERTIFICATE": "/ca.pem", f"{PREFIX}TRACES_ENDPOINT": "http://c"},
        f"without effect, for the receiver is http://: {PREFIX}CERTIFICATE",
        {"otlp_certificate": "/ca.pem"},
    ),
    (
        {
            "OTEL_LOG_LEVEL": "debug",
            "OTEL_SERVICENAME": "a typing error",
            f"{PREFIX}METRICS_HEADERS": "key=secret",
            f"{PREFIX}PROTOCOL": "grpc",
            "OTEL_METRICS_EXPORTER": "otlp",
        },
        f"set, but not supported: {PREFIX}METRICS_HEADERS, {PREFIX}PROTOCOL=grpc "
        "(http/protobuf is), OTEL_LOG_LEVEL, OTEL_METRICS_EXPORTER=otlp (prometheus is), "
        "OTEL_SERVICENAME",
        {},
    ),
]


@pytest.mark.parametrize(("given", "notice", "expected"), TOGETHER)
def test_what_has_no_effect_is_reported_in_one_line(given, notice, expected):
    config = TelemetryConfig.from_env(given)
    assert config.notices == (notice,)
    assert {name: getattr(config, name) for name in expected} == expected


@pytest.mark.parametrize("name", sorted(standard.NAMES))
def test_empty_value_counts_as_unset(name):
    assert TelemetryConfig.from_env({name: ""}) == TelemetryConfig()


def test_every_variable_has_a_row():
    rows = {name for given, _ in READ for name in given}
    per_signal = {name.replace("TRACES_", "") for name in standard.NAMES}
    assert per_signal - {name.replace("TRACES_", "") for name in rows} == set()


def test_service_without_a_name_is_unknown():
    name = TelemetryConfig.from_env({}).service_name
    assert name.startswith("unknown_service:python")


def test_name_that_the_application_gives_counts_when_no_variable_has_one():
    def named(environ):
        config = TelemetryConfig.from_env(environ, service_name="app", service_version="1.0")
        return config.service_name, config.service_version

    assert named({"OTEL_SERVICE_NAME": ""}) == ("app", "1.0")
    assert named({"OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"}) == ("shop", "1.0")
    assert named({"OTEL_SERVICE_NAME": "shop", "SERVICE_VERSION": "2"}) == ("shop", "2")


def test_instance_is_the_host_and_the_slot():
    config = TelemetryConfig.from_env({"TELEMETRY_SLOT": "3"})
    assert config.instance_id == f"{socket.gethostname()}/3"


def test_headers_are_not_in_the_representation():
    assert "secret" not in repr(TelemetryConfig.from_env({f"{PREFIX}HEADERS": "key=secret"}))


@pytest.mark.parametrize(("slot", "lines"), [("0", 1), ("1", 0)])
def test_first_worker_logs_each_notice_once(caplog, slot, lines):
    config = TelemetryConfig.from_env({"OTEL_LOG_LEVEL": "debug", "TELEMETRY_SLOT": slot})
    config.log_notices()
    assert [(record.name, record.levelname, record.message) for record in caplog.records] == [
        ("telemetry.config", "WARNING", "set, but not supported: OTEL_LOG_LEVEL")
    ] * lines
