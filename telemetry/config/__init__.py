"""Settings of the telemetry layer: one frozen object, read once from a given environment.

Nothing here reads ``os.environ`` by itself. A setting that cannot be used stops the start with one
line that names the variable, its value and what is allowed; where the OpenTelemetry specification
asks for a warning instead, it is one of ``TelemetryConfig.notices``.
"""

from telemetry.config.fields import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    model_validator,
)
from telemetry.config.identity import EnvironmentSettings
from telemetry.config.settings import SettingError, Settings
from telemetry.config.telemetry_config import TelemetryConfig
from telemetry.config.types import (
    X_FORWARDED,
    Environment,
    HttpUrl,
    Network,
    Networks,
    PathPrefix,
    Port,
    PositiveSeconds,
    ProxyMembers,
    Seconds,
    Words,
)

__all__ = [
    "X_FORWARDED",
    "AfterValidator",
    "BeforeValidator",
    "Environment",
    "EnvironmentSettings",
    "Field",
    "HttpUrl",
    "Network",
    "Networks",
    "PathPrefix",
    "Port",
    "PositiveSeconds",
    "ProxyMembers",
    "Seconds",
    "SecretStr",
    "SettingError",
    "Settings",
    "TelemetryConfig",
    "Words",
    "model_validator",
]
