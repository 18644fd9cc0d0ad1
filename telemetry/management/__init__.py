"""Metrics, health and stacks of one worker over HTTP, also while its hub is blocked."""

from telemetry.management.connection import Limits
from telemetry.management.endpoint import Management

__all__ = ["Limits", "Management"]
