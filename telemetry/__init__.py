"""The telemetry layer: what any Flask, gevent and pymongo service can install to explain itself.

These are its public names; everything else may change. They are looked up when asked for:
gunicorn's arbiter imports ``telemetry.gunicorn`` before a worker is monkey-patched, and must not
load Flask, pymongo and OpenTelemetry unpatched with it.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from telemetry.config import Port, SettingError, Settings, TelemetryConfig
    from telemetry.redaction import private_in_path
    from telemetry.requests.record import RequestRecord, current_record, waiting
    from telemetry.requests.slow import slow_after
    from telemetry.runtime import Telemetry

__all__ = [
    "Port",
    "RequestRecord",
    "SettingError",
    "Settings",
    "Telemetry",
    "TelemetryConfig",
    "ViewOption",
    "current_record",
    "private_in_path",
    "slow_after",
    "waiting",
]

_HOMES: Final = {
    "Port": "telemetry.config",
    "RequestRecord": "telemetry.requests.record",
    "SettingError": "telemetry.config",
    "Settings": "telemetry.config",
    "Telemetry": "telemetry.runtime",
    "TelemetryConfig": "telemetry.config",
    "ViewOption": "telemetry.view_option",
    "current_record": "telemetry.requests.record",
    "private_in_path": "telemetry.redaction",
    "slow_after": "telemetry.requests.slow",
    "waiting": "telemetry.requests.record",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return found
