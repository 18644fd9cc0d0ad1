"""Health: verdicts that are reads of the registry, each with the age of its evidence."""

from telemetry.health.checks import Health, Verdict
from telemetry.health.evidence import Evidence

__all__ = ["Evidence", "Health", "Verdict"]
