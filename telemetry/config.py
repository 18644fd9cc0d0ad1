"""Settings of the telemetry layer: one frozen object, read once from an environment that is handed
in.

Nothing here reads ``os.environ`` by itself. A setting that cannot be used stops the start with one
line that names the variable, its value and what is allowed.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingError(ValueError):
    """A setting that cannot be used; its text is one line fit for whoever started the process."""


class Settings(BaseModel):
    """Base of a group of settings: each field's alias is the environment variable that sets it."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, extra="ignore", arbitrary_types_allowed=True
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the settings.

        Args:
            environ: Variables by name; an empty value counts as not set, as in the OpenTelemetry
                specification.

        Returns:
            The frozen settings.

        Raises:
            SettingError: A value is not allowed; one line for each, joined by "; ".
        """
        aliases = {field.alias for field in cls.model_fields.values()}
        given = {name: value for name, value in environ.items() if name in aliases and value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            # A default that depends on another setting is not made when one is bad; that is no
            # news.
            problems = [
                problem
                for problem in error.errors()
                if problem["type"] != "default_factory_not_called"
            ]
            raise SettingError(
                "; ".join(_one_line(problem, given) for problem in problems)
            ) from None


def _one_line(problem: Mapping[str, object], given: Mapping[str, str]) -> str:
    location = problem["loc"]
    name = str(location[0]) if isinstance(location, tuple) and location else ""
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if name not in given:
        return message if not name else f"{name} is not set: {message}"
    # A connection string may hold a password, and this line goes to whoever reads the log.
    shown = re.sub(r"//.*@", "//***@", given[name])
    return f"{name}={shown!r}: {message}"


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(
            ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()
        )
    except ValueError as error:
        raise ValueError(
            f"should be a comma-separated list of networks such as 10.0.0.0/8 ({error})"
        ) from None


def _words(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, str)
        else value
    )


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("should be an http:// or https:// URL")
    return value.rstrip("/")


def _path_prefix(value: str) -> str:
    if not re.fullmatch(r"(/[\w.~-]+)+", value, re.ASCII):
        raise ValueError("should be a path such as /api/v1/health: it ends without a slash")
    return value


Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
PathPrefix = Annotated[str, AfterValidator(_path_prefix)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65535)]
Environment = Literal["production", "development", "test"]


class TelemetryConfig(Settings):
    """How one worker observes itself.

    Durations are seconds. ``management_port`` is the port of slot 0; slot *n* listens on
    ``management_port + n``.
    """

    service_name: str = Field(
        "serene", alias="OTEL_SERVICE_NAME", description="name of the service in every signal"
    )
    service_version: str = Field(
        "0.1.0", alias="SERVICE_VERSION", description="version in every signal, and in health"
    )
    environment: Environment = Field(
        "development",
        alias="DEPLOYMENT_ENVIRONMENT",
        description="decides pool sizes, and is in every signal",
    )
    slot: Annotated[int, Field(ge=0, le=1023)] = Field(
        0,
        alias="TELEMETRY_SLOT",
        description="number of this worker, its `service_instance_id`; under gunicorn the arbiter gives it",
    )
    strict: bool = Field(
        False,
        alias="TELEMETRY_STRICT",
        description="raise what telemetry would otherwise count and drop; for tests",
    )

    otlp_endpoint: HttpUrl = Field(
        "http://127.0.0.1:4318",
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="where spans are sent: base URL of an OTLP/HTTP receiver",
    )
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
    queue_spans: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        8192,
        alias="TELEMETRY_QUEUE_SPANS",
        description="spans that may wait; more are refused and counted, and no exemplar names them",
    )
    batch_spans: Annotated[int, Field(ge=1, le=8192)] = Field(
        512, alias="TELEMETRY_BATCH_SPANS", description="most spans of one request to the receiver"
    )
    server_spans: Literal["wsgi", "instrumentation-flask"] = Field(
        "wsgi",
        alias="TELEMETRY_SERVER_SPANS",
        description="who makes the server spans: our own layer, or `opentelemetry-instrumentation-flask`",
    )
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0,
        alias="OTEL_TRACES_SAMPLER_ARG",
        description="share of traces that are kept when the caller has not decided",
    )
    parent_sampled_per_second: Annotated[float, Field(ge=0)] = Field(
        100.0,
        alias="TELEMETRY_PARENT_SAMPLED_PER_SECOND",
        description="callers' sampled flags that are honoured a second; beyond it the share decides",
    )
    traceparent_from: Literal["anyone", "trusted-proxies"] = Field(
        "anyone", alias="TELEMETRY_TRACEPARENT_FROM", description="whose `traceparent` counts"
    )
    trusted_proxies: Networks = Field(
        (),
        alias="TELEMETRY_TRUSTED_PROXIES",
        description="networks whose `X-Request-ID` and `X-Forwarded-For` count, separated by commas",
    )

    management_host: str = Field(
        "127.0.0.1",
        alias="TELEMETRY_MANAGEMENT_HOST",
        description="address of the management ports",
    )
    management_port: Port = Field(
        9464,
        alias="TELEMETRY_MANAGEMENT_PORT",
        description="management port of slot 0; slot n has the n-th after it; 0 lets the kernel choose",
    )
    management_fd: Annotated[int, Field(ge=0)] | None = Field(
        None,
        alias="TELEMETRY_MANAGEMENT_FD",
        description="an open listening socket to use instead; under gunicorn the arbiter gives it",
    )

    slow_after_seconds: PositiveSeconds = Field(
        1.0,
        alias="TELEMETRY_SLOW_AFTER_SECONDS",
        description="a request that takes longer is slow: counted and logged with its evidence",
    )
    cpu_phase: bool = Field(
        True,
        alias="TELEMETRY_CPU_PHASE",
        description="tell how much of each request was running code",
    )
    log_query_values: bool = Field(
        False,
        alias="TELEMETRY_LOG_QUERY_VALUES",
        description="tell the values of query parameters in logs and spans, not only their names",
    )
    redact_names: Words = Field(
        (),
        alias="TELEMETRY_REDACT_NAMES",
        description="names of parameters and members that are never told, beside the usual ones",
    )
    request_id: bool = Field(
        True,
        alias="TELEMETRY_REQUEST_ID",
        description="tell the request id: in answers, and with `traceparent` in outgoing calls",
    )
    performance: bool = Field(
        True,
        alias="TELEMETRY_PERFORMANCE",
        description="send `X-Response-Time` and `Server-Timing`, and mark, count and log slow requests",
    )
    request_log: bool = Field(
        True, alias="TELEMETRY_REQUEST_LOG", description="write one log line a request"
    )
    health_times: bool = Field(
        True,
        alias="TELEMETRY_HEALTH_TIMES",
        description="tell in health how long health checks and routes take, and how that goes",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="LOG_LEVEL", description="least level of log lines"
    )
    api_version: str = Field("v1", alias="API_VERSION", description="what `API-Version` says")
    api_supported_versions: Words = Field(
        ("v1",),
        alias="API_SUPPORTED_VERSIONS",
        description="what `API-Supported-Versions` says; versions in paths, separated by commas",
    )

    health_prefix: PathPrefix = Field(
        "/health",
        alias="TELEMETRY_HEALTH_PREFIX",
        description="path of the health report; `/liveness` and `/readiness` are below it",
    )
    health_interval_seconds: PositiveSeconds = Field(
        5.0,
        alias="HEALTH_INTERVAL_SECONDS",
        description="time between two looks at the database and the process; evidence of three intervals is stale",
    )
    sla_target_seconds: PositiveSeconds = Field(
        0.5, alias="SLA_TARGET_SECONDS", description="requests should be answered within this"
    )
    sla_window_seconds: PositiveSeconds = Field(
        300.0,
        alias="SLA_WINDOW_SECONDS",
        description="the last stretch of time that health judges by the target",
    )

    drain_delay_seconds: Seconds = Field(
        1.0,
        alias="DRAIN_DELAY_SECONDS",
        description="time between not ready and refusing requests, for the load balancer to notice",
    )
    drain_timeout_seconds: PositiveSeconds = Field(
        30.0,
        alias="DRAIN_TIMEOUT_SECONDS",
        description="most time for requests in flight; what is left then is cut, named in the log, and makes the exit code 1",
    )

    def management_port_of(self, slot: int) -> int:
        """Return the management port of a slot; 0, which lets the kernel choose, stays 0."""
        return self.management_port + slot if self.management_port else 0
