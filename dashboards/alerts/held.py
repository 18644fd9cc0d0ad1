"""A rule for Alertmanager alone: holds back budgets that still remember a cause that is over.

A budget's windows burn for half an hour after the database is back; without this rule the end of
the cause would begin the page that it held back. It ends as soon as the last minutes burn by
themselves.
"""

from typing import Final

from dashboards import recording_rules as recorded
from dashboards.rule_promql import OF_SERVICE, largest
from dashboards.time_scale import TimeScale
from service import objectives

NAME: Final = "CauseFiredRecently"
SEVERITY: Final = "none"
"""Notifies nobody."""
CAUSES: Final = ("DatabaseUnavailable", "HubBlocked")
"""Pages that hold back budgets."""

_SHORT: Final = objectives.WINDOWS[0]
_SETTLED: Final = "10m"
"""After a cause, until the shortest window holds nothing of it."""


def rule(time: TimeScale) -> dict[str, object]:
    """Return the rule in Prometheus' form."""
    present = " or ".join(
        largest(f"({name} > {limit:g})", *OF_SERVICE)
        for name, limit in (
            (recorded.error_ratio(_SHORT), _limit(objectives.AVAILABILITY)),
            (recorded.slow_ratio(_SHORT), _limit(objectives.LATENCY)),
        )
    )
    longest = max(objectives.PAGE, key=lambda burn: time.seconds(burn.short)).short
    query = f"{_recent(time(longest))} unless (({present}) unless {_recent(time(_SETTLED))})"
    return {"alert": NAME, "expr": query, "labels": {"severity": SEVERITY}}


def _limit(objective: objectives.Objective) -> float:
    return round(objectives.PAGE[-1].rate * objective.budget, 9)


def _recent(window: str) -> str:
    causes = "|".join(CAUSES)
    firing = f'ALERTS{{alertname=~"{causes}", severity="page", alertstate="firing"}}'
    return largest(f"max_over_time({firing}[{window}])", *OF_SERVICE)
