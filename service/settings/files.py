"""Settings of files: how much each account may keep."""

from telemetry import Settings


class FileSettings(Settings):
    """To come."""
