"""OpenTelemetry's own variables that this layer reads, and the setting that each of them sets.

For one setting the variable that comes first counts.

Source: OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry
Protocol Exporter".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from telemetry.config import types, values
from telemetry.config.tracing import MAX_BATCH_SPANS, MAX_QUEUE_SPANS, Sampler


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the specification.

    Args:
        name: Of the variable.
        setting: Field of ``TelemetryConfig`` that it sets.
        parse: Reads its text; raises ``ValueError`` with what is allowed.
        allowed: What it may be, for the documentation.
        description: What it does.
        on_error: Whether a value that cannot be read is ignored with a notice or stops the start.
        secret: Its value is in no message.
    """

    name: str
    setting: str
    parse: Callable[[str], object]
    allowed: str
    description: str
    on_error: Literal["ignore", "stop"] = "ignore"
    secret: bool = False


def _limit(name: str, setting: str, what: str) -> Variable:
    return Variable(name, setting, values.integer(0), "whole number ≥ 0", what)


def _otlp(option: str, setting: str, parse: Callable[[str], object], *texts: str) -> list[Variable]:
    """The variable of one signal, which comes first, and the one of all signals."""
    allowed, description = texts
    return [
        Variable(
            f"OTEL_EXPORTER_OTLP_{signal}{option}",
            setting,
            parse,
            allowed,
            description,
            on_error="stop" if option == "HEADERS" else "ignore",
            secret=option == "HEADERS",
        )
        for signal in ("TRACES_", "")
    ]


_MILLISECONDS: Final = "milliseconds; 0 is no limit"
_LENGTH: Final = "most characters of a text in an attribute of a span"
_COUNT: Final = "most attributes of a {}"
_ANY_COUNT: Final = "most attributes of a span, an event or a link that has no variable of its own"

VARIABLES: Final = (
    Variable(
        "OTEL_SERVICE_NAME",
        "service_name",
        values.text,
        "text",
        "name of the service in every signal; without it `service.name` of "
        "`OTEL_RESOURCE_ATTRIBUTES`, then `unknown_service:` and the program",
    ),
    Variable(
        "OTEL_RESOURCE_ATTRIBUTES",
        "resource_attributes",
        values.resource_attributes,
        "`key=value,…`, percent-encoded",
        "attributes of the resource of every span; `service.name`, `service.version`, "
        "`service.instance.id` and `deployment.environment.name` are in metrics and logs too",
    ),
    Variable(
        "OTEL_SDK_DISABLED",
        "sdk_disabled",
        values.boolean,
        "`true`, `false`",
        "make and send no spans; the caller's trace is still passed on; metrics, logs and "
        "health go on",
    ),
    Variable(
        "OTEL_PROPAGATORS",
        "propagators",
        values.propagators,
        "of `tracecontext`, `baggage`, `b3`, `b3multi`, separated by commas, or `none`",
        "headers that carry the trace in and out; of several valid ones the last counts; "
        "`b3` needs the extra `b3`",
        on_error="stop",
    ),
    Variable(
        "OTEL_TRACES_SAMPLER",
        "sampler",
        values.one_of(*get_args(Sampler)),
        ", ".join(f"`{name}`" for name in get_args(Sampler)),
        "which traces are kept; callers' sampled flags count within "
        "`TELEMETRY_PARENT_SAMPLED_PER_SECOND`",
    ),
    Variable(
        "OTEL_TRACES_SAMPLER_ARG",
        "sample_ratio",
        values.ratio,
        "number from 0 to 1",
        "share of traces that are kept, for the samplers with a ratio",
    ),
    Variable(
        "OTEL_TRACES_EXPORTER",
        "traces_exporter",
        values.one_of("otlp", "none"),
        "`otlp`, `none`",
        "`none`: spans are made, but not sent, and no exemplar names them",
    ),
    Variable(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "otlp_traces_endpoint",
        types.check_http_url,
        "URL",
        "where spans are posted, used as it is",
        on_error="stop",
    ),
    Variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "otlp_endpoint",
        types.base_url,
        "URL",
        "base URL of the receiver; spans are posted to `/v1/traces` below it",
        on_error="stop",
    ),
    *_otlp(
        "HEADERS",
        "otlp_headers",
        values.headers,
        "`name=value,…`, percent-encoded",
        "headers of each request to the receiver, such as its key; never logged",
    ),
    *_otlp(
        "TIMEOUT",
        "export_timeout_seconds",
        values.timeout_seconds,
        _MILLISECONDS,
        "most time of one attempt; `TELEMETRY_EXPORT_TIMEOUT_SECONDS` comes first",
    ),
    *_otlp(
        "COMPRESSION",
        "otlp_compression",
        values.one_of("gzip", "none"),
        "`gzip`, `none`",
        "how requests are compressed; `gzip` unless the receiver is on loopback",
    ),
    *_otlp(
        "CERTIFICATE",
        "otlp_certificate",
        values.text,
        "file (PEM)",
        "certificates that may have signed the receiver's; the system's without it",
    ),
    *_otlp(
        "CLIENT_KEY",
        "otlp_client_key",
        values.text,
        "file (PEM)",
        "key of the client's certificate",
    ),
    *_otlp(
        "CLIENT_CERTIFICATE",
        "otlp_client_certificate",
        values.text,
        "file (PEM)",
        "certificate that the receiver identifies this client by",
    ),
    Variable(
        "OTEL_BSP_SCHEDULE_DELAY",
        "export_interval_seconds",
        values.interval_seconds,
        "milliseconds",
        "most time that a span waits before it is sent, 10 at least; "
        "`TELEMETRY_EXPORT_INTERVAL_SECONDS` comes first",
    ),
    Variable(
        "OTEL_BSP_EXPORT_TIMEOUT",
        "batch_timeout_seconds",
        values.timeout_seconds,
        _MILLISECONDS,
        "most time to deliver one batch, all attempts together; what is not "
        "delivered then is counted as lost. Without it a batch waits for the receiver",
    ),
    Variable(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "queue_spans",
        values.integer(1, MAX_QUEUE_SPANS),
        f"whole number ≥ 1 ≤ {MAX_QUEUE_SPANS}",
        "spans that may wait; `TELEMETRY_QUEUE_SPANS` comes first",
    ),
    Variable(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "batch_spans",
        values.integer(1, MAX_BATCH_SPANS),
        f"whole number ≥ 1 ≤ {MAX_BATCH_SPANS}, at most the queue's size",
        "most spans of one request; `TELEMETRY_BATCH_SPANS` comes first",
    ),
    _limit("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "span_attribute_length", _LENGTH),
    _limit("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "span_attribute_length", _LENGTH),
    _limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "span_attributes", _COUNT.format("span")),
    _limit("OTEL_ATTRIBUTE_COUNT_LIMIT", "span_attributes", _ANY_COUNT),
    _limit("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "event_attributes", _COUNT.format("span's event")),
    _limit("OTEL_ATTRIBUTE_COUNT_LIMIT", "event_attributes", _ANY_COUNT),
    _limit("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "link_attributes", _COUNT.format("span's link")),
    _limit("OTEL_ATTRIBUTE_COUNT_LIMIT", "link_attributes", _ANY_COUNT),
    _limit("OTEL_SPAN_EVENT_COUNT_LIMIT", "span_events", "most events of a span"),
    _limit("OTEL_SPAN_LINK_COUNT_LIMIT", "span_links", "most links of a span"),
)
