"""Settings of the service, composed of the settings of its rooms.

Nothing here reads ``os.environ``. Each room declares and describes its own settings; reading them
together reports all errors at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Self, cast

from service import objectives
from service.accounts.settings import AccountSettings
from service.cdn.settings import CdnSettings
from service.companion.settings import CompanionSettings
from service.files.settings import FileSettings
from service.http.settings import HttpSettings
from service.mongo.settings import MongoSettings
from service.payments.settings import PaymentSettings
from service.rate_limits.settings import RateLimitSettings
from service.server_settings import ServerSettings
from service.sessions.settings import SessionSettings
from telemetry import SettingError, Settings, TelemetryConfig

SERVICE_NAME: Final = "serene"
SERVICE_VERSION: Final = "0.1.0"

TELEMETRY_DEFAULTS: Final = {
    "TELEMETRY_HEALTH_PREFIX": objectives.HEALTH_ROUTES[0],
    "SLA_TARGET_SECONDS": f"{objectives.LATENCY_SECONDS:g}",
    "HEALTH_INTERVAL_SECONDS": f"{objectives.HEALTH_INTERVAL_SECONDS:g}",
    "HEALTH_STALE_INTERVALS": str(objectives.STALE_INTERVALS),
}
"""Defaults of this service for the variables of its telemetry."""


def telemetry_config(environ: Mapping[str, str]) -> TelemetryConfig:
    """Return the settings of telemetry, with this service's defaults.

    Args:
        environ: Variables by name; an empty value counts as not set.

    Raises:
        SettingError: A variable cannot be used; the text is one line.
    """
    given = {name: value for name, value in environ.items() if value}
    return TelemetryConfig.from_env(
        TELEMETRY_DEFAULTS | given, service_name=SERVICE_NAME, service_version=SERVICE_VERSION
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Every setting of the service, by room."""

    server: ServerSettings
    http: HttpSettings
    cdn: CdnSettings
    mongo: MongoSettings
    accounts: AccountSettings
    payments: PaymentSettings
    sessions: SessionSettings
    companion: CompanionSettings
    files: FileSettings
    rate_limits: RateLimitSettings

    @classmethod
    def groups(cls) -> dict[str, type[Settings]]:
        """Return the settings of each room, by name."""
        return {field.name: cast(type[Settings], field.type) for field in fields(cls)}

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the settings of every room.

        Args:
            environ: Variables by name; an empty value counts as not set.

        Raises:
            SettingError: Some are invalid; one line for all of them.
        """
        groups: dict[str, Settings] = {}
        problems: list[str] = []
        for name, group in cls.groups().items():
            try:
                groups[name] = group.from_env(environ)
            except SettingError as error:
                problems += [problem for problem in error.problems if problem not in problems]
        if problems:
            raise SettingError(*problems)
        return cls(**groups)  # type: ignore[arg-type]  # each was read by the field's own type
