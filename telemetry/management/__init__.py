"""Metrics, health and stacks of one worker over HTTP, answered also while its hub is blocked:
``Management``.
"""

from telemetry.management.connection import Limits
from telemetry.management.endpoint import Management

__all__ = ["Limits", "Management"]
