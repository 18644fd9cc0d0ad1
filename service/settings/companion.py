"""Settings of the AI companion: the model's endpoint, and how much of it one worker uses."""

from telemetry import Settings


class CompanionSettings(Settings):
    """To come."""
