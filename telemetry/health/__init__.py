"""Health: verdicts read from the metrics registry, each with the age of its evidence."""

from telemetry.health.checks import Health, Verdict
from telemetry.health.evidence import HealthEvidence
from telemetry.health.paths import DEFAULT_PREFIX, HealthPaths

__all__ = ["DEFAULT_PREFIX", "Health", "HealthEvidence", "HealthPaths", "Verdict"]
