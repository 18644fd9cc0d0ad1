"""Alerts on error budgets: multi-window, multi-burn-rate.

Fast burns page, slow ones are tickets. Few events in a quiet night are a large share and no reason
to wake a person: below ``PAGE_EVENTS`` bad requests in the long window, a fast burn is a ticket.

Source: *The Site Reliability Workbook*, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts", and "Low-
Traffic Services and Error Budget Alerting".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboards import recording_rules as recorded
from dashboards.alerts.rule import OF, PERCENT, Alert, Board
from dashboards.time_scale import TimeScale
from service import objectives
from service.objectives import PAGE, TICKET, Burn, Objective

NOW: Final = "0s"
"""The windows are the waiting time."""


@dataclass(frozen=True, slots=True)
class _Budget:
    """An objective with its series.

    Args:
        ratio: From a window to the recorded share that is bad.
        events: Recorded bad events a second; empty where no number of events is needed.
    """

    objective: Objective
    name: str
    ratio: Callable[[str], str]
    events: str
    board: Board
    summary: str
    action: str
    route: str = ""


def _route_of_class() -> str:
    """Return the template that selects the routes of the alert's class on the board."""
    parts = []
    for one in objectives.ROUTE_CLASSES:
        paths = sorted({path for _, path in one.routes})
        if paths:
            chosen = "".join(f"&var-route={{{{ `{path}` | urlquery }}}}" for path in paths)
            parts.append(f'{{{{ if eq $labels.route_class "{one.name}" }}}}{chosen}{{{{ end }}}}')
    return "".join(parts)


_BUDGETS: Final = (
    _Budget(
        objectives.AVAILABILITY,
        "AvailabilityBurn",
        recorded.error_ratio,
        recorded.FAILED,
        "serene-service",
        f"{PERCENT} of the requests of {OF} fail",
        "The board shows which routes fail, and since when; a firing alert on a cause comes first.",
    ),
    _Budget(
        objectives.LATENCY,
        "LatencyBurn",
        recorded.slow_ratio,
        recorded.SLOW,
        "serene-slow-requests",
        f"{PERCENT} of the {{{{ $labels.route_class }}}} requests of {OF} are too slow",
        "The board shows the phase that takes the time: the hub, the database, or another service.",
        _route_of_class(),
    ),
    _Budget(
        objectives.FRESHNESS,
        "FreshnessBurn",
        recorded.stale_ratio,
        "",
        "serene-life-cycle",
        f"{PERCENT} of the workers' time of {OF} has no fresh evidence",
        "Workers are not scraped or do not check MongoDB; boards and probes show old values.",
    ),
)


def alerts(time: TimeScale) -> tuple[Alert, ...]:
    """Return the alerts on every budget."""
    return tuple(
        alert for budget in _BUDGETS for alert in (_fast(budget, time), _slow(budget, time))
    )


def _fast(budget: _Budget, time: TimeScale) -> Alert:
    burns = [f"({_burns(budget, burn)}{_many(budget, burn, time)})" for burn in PAGE]
    return Alert(
        f"{budget.name}Fast",
        " or ".join(burns),
        NOW,
        "page",
        f"{budget.summary}: a month's budget lasts {_days(PAGE[-1])} at most",
        budget.action,
        budget.board,
        {"objective": budget.objective.name},
        budget.route,
    )


def _slow(budget: _Budget, time: TimeScale) -> Alert:
    burns = [f"({_burns(budget, burn)})" for burn in TICKET]
    if budget.events:
        burns += [
            f"({_burns(budget, burn)}{_many(budget, burn, time, operator='<')})" for burn in PAGE
        ]
    return Alert(
        f"{budget.name}Slow",
        " or ".join(burns),
        NOW,
        "ticket",
        f"{budget.summary}: more than the objective of {budget.objective.ratio * 100:g} % allows",
        budget.action,
        budget.board,
        {"objective": budget.objective.name},
        budget.route,
    )


def _burns(budget: _Budget, burn: Burn) -> str:
    limit = round(burn.rate * budget.objective.budget, 9)
    return f"{budget.ratio(burn.long)} > {limit:g} and {budget.ratio(burn.short)} > {limit:g}"


def _many(budget: _Budget, burn: Burn, time: TimeScale, operator: str = ">=") -> str:
    if not budget.events:
        return ""
    window = time(burn.long)
    events = f"avg_over_time({budget.events}[{window}]) * {time.seconds(burn.long):g}"
    return f" and {events} {operator} {objectives.PAGE_EVENTS}"


def _days(burn: Burn) -> str:
    return f"{objectives.BUDGET_DAYS / burn.rate:g} days"
