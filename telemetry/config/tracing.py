"""Settings of spans: which are kept, how large they may be, and where and how they are sent.

Most of them are OpenTelemetry's own variables; ``standard`` reads those. A ``TELEMETRY_*`` variable
of the same meaning comes first.
"""

import ipaddress
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from telemetry.config.fields import Field, model_validator
from telemetry.config.settings import Settings
from telemetry.config.types import (
    ForwardedHeaders,
    HeaderNames,
    HttpUrl,
    PositiveSeconds,
    ProxyMembers,
    Seconds,
)
from telemetry.config.values import MAX_INTEGER, Pairs

TRACES_PATH: Final = "/v1/traces"
MAX_QUEUE_SPANS: Final = 1_000_000
MAX_BATCH_SPANS: Final = 8192

Sampler = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]
RATIO_SAMPLERS: Final = ("traceidratio", "parentbased_traceidratio")

Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class TracingSettings(Settings):
    """How spans are made, sampled and exported; durations are seconds."""

    sdk_disabled: bool = Field(
        False, alias="OTEL_SDK_DISABLED", description="make and send no spans"
    )
    traces_exporter: Literal["otlp", "none"] = Field(
        "otlp", alias="OTEL_TRACES_EXPORTER", description="`none`: spans are made, but not sent"
    )
    otlp_endpoint: HttpUrl = Field(
        "http://127.0.0.1:4318",
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="base URL of an OTLP/HTTP receiver",
    )
    otlp_traces_endpoint: str | None = Field(None, alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    # Not shown by repr(): they hold keys of the receiver.
    otlp_headers: Pairs = Field((), alias="OTEL_EXPORTER_OTLP_HEADERS", repr=False)
    otlp_compression: Literal["gzip", "none"] | None = Field(
        None, alias="OTEL_EXPORTER_OTLP_COMPRESSION"
    )
    otlp_certificate: str | None = Field(None, alias="OTEL_EXPORTER_OTLP_CERTIFICATE")
    otlp_client_key: str | None = Field(None, alias="OTEL_EXPORTER_OTLP_CLIENT_KEY")
    otlp_client_certificate: str | None = Field(None, alias="OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")

    export_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="TELEMETRY_EXPORT_TIMEOUT_SECONDS",
        description="most time of one attempt to send spans",
    )
    export_interval_seconds: PositiveSeconds = Field(
        1.0,
        alias="TELEMETRY_EXPORT_INTERVAL_SECONDS",
        description="most time that a span waits before it is sent",
    )
    batch_timeout_seconds: PositiveSeconds | None = Field(None, alias="OTEL_BSP_EXPORT_TIMEOUT")
    queue_spans: Annotated[int, Field(ge=1, le=MAX_QUEUE_SPANS)] = Field(
        8192,
        alias="TELEMETRY_QUEUE_SPANS",
        description="spans that may wait; more are refused and counted, and no exemplar names them",
    )
    batch_spans: Annotated[int, Field(ge=1, le=MAX_BATCH_SPANS)] = Field(
        512, alias="TELEMETRY_BATCH_SPANS", description="most spans of one request to the receiver"
    )

    undecided_bytes: Annotated[int, Field(ge=0, le=MAX_INTEGER)] = Field(
        16 * 1024 * 1024,
        alias="TELEMETRY_UNDECIDED_BYTES",
        description=(
            "memory of ended spans whose trace is not decided yet, about a quarter of it for one "
            "trace; more spans are left out and counted, or sent early where their trace is kept"
        ),
    )

    server_spans: Literal["wsgi", "instrumentation-flask"] = Field(
        "wsgi",
        alias="TELEMETRY_SERVER_SPANS",
        description=(
            "what makes the server spans: this layer, or `opentelemetry-instrumentation-flask`"
        ),
    )
    sampler: Sampler = Field("parentbased_traceidratio", alias="OTEL_TRACES_SAMPLER")
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = Field(1.0, alias="OTEL_TRACES_SAMPLER_ARG")
    parent_sampled_per_second: Annotated[float, Field(ge=0)] = Field(
        100.0,
        alias="TELEMETRY_PARENT_SAMPLED_PER_SECOND",
        description=(
            "callers' sampled flags that are honoured a second; above it the sampler decides as "
            "for a new trace. A bucket of the same size is for debug headers"
        ),
    )
    keep_failed_and_slow: bool = Field(
        True,
        alias="TELEMETRY_KEEP_FAILED_AND_SLOW",
        description=(
            "keep the spans of requests that failed, were cut short or were slow, whatever the "
            "sampler or the caller decided at the start ([sampling](sampling.md)); not under "
            "`always_off`"
        ),
    )
    kept_spans_per_second: Seconds = Field(
        500.0,
        alias="TELEMETRY_KEPT_SPANS_PER_SECOND",
        description=(
            "spans a second and worker that are kept so; when there are more, each route and "
            "reason gets a fair share"
        ),
    )
    debug_headers: HeaderNames = Field(
        ("X-Envoy-Force-Trace", "Jaeger-Debug-Id"),
        alias="TELEMETRY_DEBUG_HEADERS",
        description=(
            "headers of trusted proxies that make the spans of a request kept, within "
            "`TELEMETRY_PARENT_SAMPLED_PER_SECOND`; a proxy has to remove those that clients send"
        ),
    )
    propagators: tuple[str, ...] = Field(("tracecontext",), alias="OTEL_PROPAGATORS")
    traceparent_from: Literal["anyone", "trusted-proxies"] = Field(
        "anyone",
        alias="TELEMETRY_TRACEPARENT_FROM",
        description="whose `traceparent` (and `b3`, `baggage`) counts",
    )
    trusted_proxies: ProxyMembers = Field(
        (),
        alias="TELEMETRY_TRUSTED_PROXIES",
        description=(
            "networks of the proxies whose forwarding headers and ids count, separated by commas; "
            "`unix` is every peer of a Unix socket ([proxies](proxies.md))"
        ),
    )
    forwarded_headers: ForwardedHeaders = Field(
        ("auto",),
        alias="TELEMETRY_FORWARDED_HEADERS",
        description=(
            "headers that trusted proxies write: `x-forwarded` for all `X-Forwarded-*`, some of "
            "their names separated by commas, `forwarded`, or `auto`, which reads `Forwarded` only "
            "of a request without any `X-Forwarded-*`"
        ),
    )
    correlation_headers: HeaderNames = Field(
        (
            "X-Request-ID",
            "X-Correlation-ID",
            "X-Amzn-Trace-Id",
            "X-Cloud-Trace-Context",
            "X-B3-TraceId",
        ),
        alias="TELEMETRY_CORRELATION_HEADERS",
        description=(
            "headers of trusted proxies whose ids are kept beside the request id, in the span and "
            "the log line"
        ),
    )

    # The specification's counts, and a bound on text (it has none): a stack trace fits, a request
    # body that was pasted into an attribute does not.
    span_attribute_length: Count = Field(8192, alias="OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")
    span_attributes: Count = Field(128, alias="OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")
    span_events: Count = Field(128, alias="OTEL_SPAN_EVENT_COUNT_LIMIT")
    span_links: Count = Field(128, alias="OTEL_SPAN_LINK_COUNT_LIMIT")
    event_attributes: Count = Field(128, alias="OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT")
    link_attributes: Count = Field(128, alias="OTEL_LINK_ATTRIBUTE_COUNT_LIMIT")

    @property
    def traces_url(self) -> str:
        """Where spans are posted: the traces endpoint, or ``/v1/traces`` below the base URL."""
        return self.otlp_traces_endpoint or self.otlp_endpoint + TRACES_PATH

    @property
    def compression(self) -> Literal["gzip", "none"]:
        """Of the requests to the receiver; on loopback it would cost more than it saves."""
        return self.otlp_compression or ("none" if is_loopback(self.traces_url) else "gzip")

    @model_validator(mode="after")
    def _client_key_needs_its_certificate(self) -> Self:
        if self.otlp_client_key and not self.otlp_client_certificate:
            raise ValueError(
                "OTEL_EXPORTER_OTLP_CLIENT_KEY is set, and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE "
                "is not: "
                "the receiver needs both"
            )
        return self


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
