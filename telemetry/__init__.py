"""The telemetry layer: what any Flask, gevent and pymongo service can install to explain itself.

These are its public names; everything else may change.
"""

from telemetry.config import SettingError, Settings, TelemetryConfig
from telemetry.context import RequestRecord, current_record
from telemetry.runtime import Telemetry

__all__ = ["RequestRecord", "SettingError", "Settings", "Telemetry", "TelemetryConfig", "current_record"]
