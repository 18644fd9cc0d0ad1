"""``TelemetryConfig``: every setting of the telemetry layer, as one frozen object.

What names the process, what is about spans and what bounds clients have modules of their own; the
rest is here.
"""

import logging
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from telemetry.config import standard
from telemetry.config.clients import ClientSettings
from telemetry.config.debug import DebugSettings
from telemetry.config.fields import Field
from telemetry.config.hub import HubSettings
from telemetry.config.identity import IdentitySettings
from telemetry.config.mongo import MongoTelemetrySettings
from telemetry.config.settings import SettingError
from telemetry.config.standard import StandardValues
from telemetry.config.tracing import TracingSettings
from telemetry.config.types import PathPrefix, Port, PositiveSeconds, Seconds, Words

OVERRULED_VARIABLE: Final = "FORWARDED_ALLOW_IPS"
"""gunicorn's own list of trusted proxies; platforms set it too, so it is no error."""

_log = logging.getLogger("telemetry.config")


class TelemetryConfig(
    HubSettings,
    MongoTelemetrySettings,
    ClientSettings,
    DebugSettings,
    TracingSettings,
    IdentitySettings,
):
    """How one worker observes itself.

    Durations are seconds. ``management_port`` is the port of slot 0; slot *n* listens on
    ``management_port + n``. ``notices`` are lines about variables that have no effect, to be logged
    once at the start.
    """

    notices: tuple[str, ...] = ()

    strict: bool = Field(
        False,
        alias="TELEMETRY_STRICT",
        description="raise errors of telemetry that are otherwise counted and dropped; for tests",
    )

    management_host: str = Field(
        "127.0.0.1",
        alias="TELEMETRY_MANAGEMENT_HOST",
        description="address of the management ports",
    )
    management_port: Port = Field(
        9464,
        alias="TELEMETRY_MANAGEMENT_PORT",
        description=(
            "management port of slot 0; slot n has the n-th after it; 0 lets the kernel choose"
        ),
    )
    management_fd: Annotated[int, Field(ge=0)] | None = Field(
        None,
        alias="TELEMETRY_MANAGEMENT_FD",
        description="an open listening socket to use instead; under gunicorn the arbiter sets it",
    )

    slow_after_seconds: PositiveSeconds = Field(
        1.0,
        alias="TELEMETRY_SLOW_AFTER_SECONDS",
        description="a request that takes longer is slow: counted, and logged with its phases",
    )
    cpu_phase: bool = Field(
        True,
        alias="TELEMETRY_CPU_PHASE",
        description=(
            "instrument the hub, so that each request's time is cut into phases such as `cpu`, "
            "`hub_wait`, `lock` and `sleep`; else only the waits that have names are known"
        ),
    )
    log_query_values: bool = Field(
        False,
        alias="TELEMETRY_LOG_QUERY_VALUES",
        description=(
            "include the values of query parameters in logs and spans, not only their names"
        ),
    )
    redact_names: Words = Field(
        (),
        alias="TELEMETRY_REDACT_NAMES",
        description=(
            "names of parameters and members whose values are always redacted, beside the usual "
            "ones"
        ),
    )
    request_id: bool = Field(
        True,
        alias="TELEMETRY_REQUEST_ID",
        description="send the request id in responses, and with `traceparent` in outgoing calls",
    )
    performance: bool = Field(
        True,
        alias="TELEMETRY_PERFORMANCE",
        description=(
            "send `X-Response-Time` and `Server-Timing`, and mark, count and log slow requests"
        ),
    )
    request_log: bool = Field(
        True, alias="TELEMETRY_REQUEST_LOG", description="write one log line a request"
    )
    health_times: bool = Field(
        True,
        alias="TELEMETRY_HEALTH_TIMES",
        description="include in health how long health checks and routes take, and their trend",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="LOG_LEVEL", description="lowest level of log lines"
    )
    api_version: str = Field(
        "v1", alias="API_VERSION", description="value of the header `API-Version`"
    )
    api_supported_versions: Words = Field(
        ("v1",),
        alias="API_SUPPORTED_VERSIONS",
        description=(
            "value of the header `API-Supported-Versions`: versions in paths, separated by commas"
        ),
    )

    health_prefix: PathPrefix = Field(
        "/health",
        alias="TELEMETRY_HEALTH_PREFIX",
        description="path of the health report; `/liveness` and `/readiness` are below it",
    )
    health_interval_seconds: PositiveSeconds = Field(
        5.0,
        alias="HEALTH_INTERVAL_SECONDS",
        description="time between two checks of the database and the process",
    )
    health_stale_intervals: Annotated[int, Field(ge=1)] = Field(
        3,
        alias="HEALTH_STALE_INTERVALS",
        description="a result older than so many of these intervals is stale, and not healthy",
    )
    sla_target_seconds: PositiveSeconds = Field(
        0.5, alias="SLA_TARGET_SECONDS", description="target for the duration of a request"
    )
    sla_window_seconds: PositiveSeconds = Field(
        300.0,
        alias="SLA_WINDOW_SECONDS",
        description="period before now that health compares with the target",
    )

    drain_delay_seconds: Seconds = Field(
        1.0,
        alias="DRAIN_DELAY_SECONDS",
        description="time between not ready and refusing requests, for the load balancer to react",
    )
    drain_timeout_seconds: PositiveSeconds = Field(
        30.0,
        alias="DRAIN_TIMEOUT_SECONDS",
        description=(
            "most time for requests in flight; those left then are cut, named in the log, and "
            "make the exit code 1"
        ),
    )

    def management_port_of(self, slot: int) -> int:
        """Return the management port of a slot; 0, which lets the kernel choose, stays 0."""
        return self.management_port + slot if self.management_port else 0

    def log_notices(self) -> None:
        """Log the notices; called once at the start, by the first worker only."""
        if self.slot == 0:
            for notice in self.notices:
                _log.warning("%s", notice)

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], *, service_name: str = "", service_version: str = ""
    ) -> Self:
        """Read and check the settings.

        A ``TELEMETRY_*`` variable comes before OpenTelemetry's variable of the same meaning, and
        that before the arguments.

        Args:
            environ: Variables by name; an empty value counts as not set.
            service_name: Name of the service when no variable sets it.
            service_version: Its version when no variable sets it.

        Returns:
            The frozen settings.

        Raises:
            SettingError: A value is not allowed; one line for each, joined by "; ".
        """
        given = {name: value for name, value in environ.items() if value != ""}
        found = standard.read(given)
        own = {
            name: str(field.alias)
            for name, field in cls.model_fields.items()
            if field.alias in given and field.alias not in standard.NAMES
        }
        for name in own.keys() & found.settings.keys():
            del found.settings[name]
            found.notices.append(f"{found.sources[name]}: {own[name]} comes first; ignored")
        if OVERRULED_VARIABLE in given:
            found.notices.append(
                f"{OVERRULED_VARIABLE} has no effect: TELEMETRY_TRUSTED_PROXIES names the proxies "
                "whose headers count"
            )
        defaults = {"service_name": service_name, "service_version": service_version}
        values = {name: value for name, value in defaults.items() if value}
        values |= _identity_in(found.settings.get("resource_attributes", {}))
        values |= found.settings
        for name, alias in own.items():
            values.pop(name, None)
            values[alias] = given[alias]
        return cls._unless(found, values, given)

    @classmethod
    def _unless(
        cls, found: StandardValues, values: Mapping[str, Any], given: Mapping[str, str]
    ) -> Self:
        """Build from the values, unless there are problems: those are one error together."""
        problems = found.problems
        config = None
        try:
            config = cls._checked({**values, "notices": tuple(found.notices)}, given)
        except SettingError as error:
            problems = [*problems, *error.problems]
        if config is None or problems:
            raise SettingError(*problems)
        return config


def _identity_in(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Settings that resource attributes give a value to, where no variable of their own does."""
    named = {
        "service_name": "service.name",
        "service_version": "service.version",
        "environment": "deployment.environment.name",
    }
    return {name: attributes[key] for name, key in named.items() if attributes.get(key)}
