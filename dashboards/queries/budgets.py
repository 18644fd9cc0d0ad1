"""Queries of the objectives' budgets and of the alerts, over Prometheus' own rules.

Rules know environment and service. Version, instance and route do not narrow them: a budget is the
whole service's.
"""

from typing import Final

from dashboards import recording_rules
from dashboards.promql import (
    ENVIRONMENT,
    ENVIRONMENT_LABEL,
    SERVICE,
    SERVICE_LABEL,
    largest,
    ratio,
    selector,
    smallest,
    total,
)
from service import objectives

OF_SERVICE: Final = (ENVIRONMENT_LABEL, SERVICE_LABEL)
_FIRING: Final = selector(
    "ALERTS",
    'alertstate="firing"',
    'severity!="none"',
    # Alerts on the stack itself have neither.
    f'{ENVIRONMENT_LABEL}=~"$environment|"',
    f'{SERVICE_LABEL}=~"$service|"',
)
ALERT: Final = ("alertname", "severity", *OF_SERVICE)


def recorded(name: str) -> str:
    """Return a selector of a recording rule's series."""
    return selector(name, ENVIRONMENT, SERVICE)


def availability_burn(window: str) -> str:
    """Return the burn rate of the availability budget; a multiple of the even rate."""
    return (
        f"max({recorded(recording_rules.error_ratio(window))}) / {objectives.AVAILABILITY.budget:g}"
    )


def latency_burn(window: str, *by: str) -> str:
    """Return the burn rate of the latency budget of the worst class of routes."""
    worst = largest(recorded(recording_rules.slow_ratio(window)), *by)
    # A difference of sums, in which a zero may be 1e-15.
    return f"round({worst} / {objectives.LATENCY.budget:g}, 0.001)"


def burn(window: str, *by: str) -> str:
    """Return the burn rate of the budget that burns fastest: of availability, or of latency."""
    failed = recorded(recording_rules.error_ratio(window))
    slow = recorded(recording_rules.slow_ratio(window))
    return largest(
        f"({failed} / {objectives.AVAILABILITY.budget:g}"
        f" or {slow} / {objectives.LATENCY.budget:g})",
        *by,
    )


SLOW_NOW = ratio(total(recorded(recording_rules.SLOW)), total(recorded(recording_rules.SERVED)))
SLOW_BY_SERVICE = ratio(
    total(recorded(recording_rules.SLOW), *OF_SERVICE),
    total(recorded(recording_rules.SERVED), *OF_SERVICE),
)
AVAILABILITY_LEFT = smallest(recorded(recording_rules.budget_left(objectives.AVAILABILITY.name)))
LATENCY_LEFT = smallest(recorded(recording_rules.budget_left(objectives.LATENCY.name)))
FRESHNESS_LEFT = smallest(recorded(recording_rules.budget_left(objectives.FRESHNESS.name)))
AVAILABILITY_LEFT_BY_SERVICE = smallest(
    recorded(recording_rules.budget_left(objectives.AVAILABILITY.name)), *OF_SERVICE
)
LATENCY_LEFT_BY_SERVICE = smallest(
    recorded(recording_rules.budget_left(objectives.LATENCY.name)), *OF_SERVICE
)
BURN_BY_SERVICE = burn(objectives.PAGE[0].long, *OF_SERVICE)

# --- alerts ---------------------------------------------------------------------------------------
# Where no alert fires there is no series; the rules' own series show that they are evaluated.
_EVALUATED = f"count({recorded(recording_rules.STALE)})"


def firing(severity: str) -> str:
    """Return the number of alerts of a severity that fire; 0 while rules are evaluated."""
    fires = _FIRING.replace("}", f', severity="{severity}"}}')
    return f"count({largest(fires, *ALERT)}) or on() (0 * {_EVALUATED})"


_SINCE = _FIRING.replace("ALERTS", "ALERTS_FOR_STATE").replace('alertstate="firing", ', "")


def firing_for(*by: str) -> str:
    """Return the seconds since each alert's condition began to hold, by labels of ``ALERT``."""
    return f"time() - {smallest(f'{_SINCE} and ignoring(alertstate) {_FIRING}', *by)}"
