"""How long the hub kept everyone waiting, and who held it: ``HubWatch``."""

from telemetry.hub.monitor import HubWatch

__all__ = ["HubWatch"]
