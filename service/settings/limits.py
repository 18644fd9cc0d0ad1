"""Settings of rate limits: how many requests a group of routes takes, and where they are counted."""

from telemetry import Settings


class LimitSettings(Settings):
    """To come."""
