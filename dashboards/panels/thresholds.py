"""Thresholds: from which value on a panel changes its colour."""

from typing import TypeAlias

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

from dashboards import config
from service.objectives import Limits

Thresholds: TypeAlias = tuple[tuple[float | None, str], ...]
"""Pairs of lowest value and colour, ascending; the first value is ``None``."""


def rising(limits: Limits) -> Thresholds:
    """Higher is worse: orange from ``limits.warn``, red from ``limits.bad``."""
    return (None, config.GOOD), (limits.warn, config.WARN), (limits.bad, config.BAD)


def falling(limits: Limits) -> Thresholds:
    """Lower is worse: orange below ``limits.warn``, red below ``limits.bad``."""
    return (None, config.BAD), (limits.bad, config.WARN), (limits.warn, config.GOOD)


def at_least(value: float) -> Thresholds:
    """Red below ``value``, green from it on."""
    return (None, config.BAD), (value, config.GOOD)


def neutral() -> Thresholds:
    """One colour: no value is better or worse."""
    return ((None, config.NEUTRAL),)


def dashed(limits: Limits) -> Thresholds:
    """Lines at both limits over a transparent ground."""
    return (None, "transparent"), (limits.warn, config.WARN), (limits.bad, config.BAD)


def build(thresholds: Thresholds) -> dashboard.ThresholdsConfig:
    """Return the SDK's builder of ``thresholds``."""
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value, colour) for value, colour in thresholds])
    )
