"""How long the hub kept other greenlets waiting, and which code held it: ``HubMonitor``."""

from telemetry.hub.monitor import HubMonitor

__all__ = ["HubMonitor"]
