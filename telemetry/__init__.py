"""The telemetry layer of any Flask, gevent and pymongo service.

These are its public names, with ``telemetry.names`` and the doors ``telemetry.gunicorn`` and
``telemetry.standalone``; everything else may change. They are imported at first access: gunicorn's
arbiter imports ``telemetry.gunicorn`` before a worker is monkey-patched, and must not load Flask,
pymongo and OpenTelemetry unpatched with it.
"""

from typing import TYPE_CHECKING, Final

from telemetry.lazy_names import resolver

if TYPE_CHECKING:
    from telemetry.config import (
        AfterValidator,
        BeforeValidator,
        Environment,
        EnvironmentSettings,
        Field,
        HttpUrl,
        Network,
        Networks,
        PathPrefix,
        Port,
        PositiveSeconds,
        Seconds,
        SecretStr,
        SettingError,
        Settings,
        TelemetryConfig,
        Words,
        model_validator,
    )
    from telemetry.health import Health, HealthEvidence, HealthPaths, Verdict
    from telemetry.names import Metric, Phase, counter, gauge, histogram
    from telemetry.redaction import private_in_path
    from telemetry.requests.completed import CompletedRequest
    from telemetry.requests.record import RequestRecord, current_record, waiting
    from telemetry.requests.slow import slow_after
    from telemetry.runtime import Telemetry
    from telemetry.view_option import ViewOption

__all__ = [
    "AfterValidator",
    "BeforeValidator",
    "CompletedRequest",
    "Environment",
    "EnvironmentSettings",
    "Field",
    "Health",
    "HealthEvidence",
    "HealthPaths",
    "HttpUrl",
    "Metric",
    "Network",
    "Networks",
    "PathPrefix",
    "Phase",
    "Port",
    "PositiveSeconds",
    "RequestRecord",
    "Seconds",
    "SecretStr",
    "SettingError",
    "Settings",
    "Telemetry",
    "TelemetryConfig",
    "Verdict",
    "ViewOption",
    "Words",
    "counter",
    "current_record",
    "gauge",
    "histogram",
    "model_validator",
    "private_in_path",
    "slow_after",
    "waiting",
]

_CONFIG: Final = "telemetry.config"
_HOMES: Final = {
    "CompletedRequest": "telemetry.requests.completed",
    "Environment": _CONFIG,
    "EnvironmentSettings": _CONFIG,
    "Health": "telemetry.health",
    "HealthEvidence": "telemetry.health",
    "HealthPaths": "telemetry.health",
    "HttpUrl": _CONFIG,
    "Metric": "telemetry.names",
    "Network": _CONFIG,
    "Networks": _CONFIG,
    "PathPrefix": _CONFIG,
    "Phase": "telemetry.names",
    "Port": _CONFIG,
    "PositiveSeconds": _CONFIG,
    "RequestRecord": "telemetry.requests.record",
    "Seconds": _CONFIG,
    "AfterValidator": _CONFIG,
    "BeforeValidator": _CONFIG,
    "Field": _CONFIG,
    "SecretStr": _CONFIG,
    "model_validator": _CONFIG,
    "SettingError": _CONFIG,
    "Settings": _CONFIG,
    "Telemetry": "telemetry.runtime",
    "TelemetryConfig": _CONFIG,
    "Verdict": "telemetry.health",
    "ViewOption": "telemetry.view_option",
    "Words": _CONFIG,
    "counter": "telemetry.names",
    "current_record": "telemetry.requests.record",
    "gauge": "telemetry.names",
    "histogram": "telemetry.names",
    "private_in_path": "telemetry.redaction",
    "slow_after": "telemetry.requests.slow",
    "waiting": "telemetry.requests.record",
}

__getattr__ = resolver(__name__, _HOMES)
