"""How long the hub kept everyone waiting, and who held it: ``HubWatch``."""

from telemetry.hub.watch import HubWatch

__all__ = ["HubWatch"]
