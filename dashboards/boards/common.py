"""Panels that more than one board shows, alike on each."""

from dashboards import config, links
from dashboards.panels import Column, Stat, Table, Target, falling, rising
from dashboards.queries import budgets, workers
from service import objectives

_SHORT, _LONG = objectives.PAGE[0].short, objectives.PAGE[0].long
_DAYS = objectives.BUDGET_DAYS
_ALERT_KEYS = {
    "alertname": "Alert",
    "severity": "Severity",
    "service_name": "Service",
    "deployment_environment_name": "Environment",
}


def availability_left() -> Stat:
    """Return what is left of the availability budget."""
    return Stat(
        title="Availability left",
        unit="percentunit",
        description=(
            f"Of {objectives.AVAILABILITY.budget:.1%} of the requests of {_DAYS} days that may"
            " fail; of the worst selected service, whole. Red: nearly all is used up, so no risky"
            " change; the burn beside it shows whether it still goes on."
        ),
        thresholds=falling(config.BUDGET_LEFT),
        no_value="no requests yet",
        targets=(Target(budgets.AVAILABILITY_LEFT, "left"),),
        links=(links.board(links.SERVICE, "Service"),),
    )


def latency_left() -> Stat:
    """Return what is left of the latency budget."""
    return Stat(
        title="Latency left",
        unit="percentunit",
        description=(
            f"Of {objectives.LATENCY.budget:.0%} of the requests of {_DAYS} days that may exceed"
            " the bound of their class of routes; of the worst class. Red: Latency burn by class"
            " on the board Service names it."
        ),
        thresholds=falling(config.BUDGET_LEFT),
        no_value="no requests yet",
        targets=(Target(budgets.LATENCY_LEFT, "left"),),
        links=(links.board(links.SERVICE, "Service"),),
    )


def burn() -> Stat:
    """Return how fast the budget burns that burns fastest."""
    return Stat(
        title="Budget burn",
        unit="suffix:x",
        description=(
            "How fast the budget of availability or of latency is spent, whichever is faster, as a"
            f" multiple of the rate that lasts {_DAYS} days, over {_SHORT} and {_LONG}. Both red:"
            f" an incident, act now. Only {_SHORT}: a blip so far. Only {_LONG}: it is over."
        ),
        thresholds=rising(objectives.BURN_RATE),
        no_value="no requests",
        targets=(
            Target(budgets.burn(_SHORT), _SHORT),
            Target(budgets.burn(_LONG), _LONG),
        ),
        links=(links.board(links.SERVICE, "Service"),),
    )


def slow_requests() -> Stat:
    """Return the share of requests that are slower than their class of routes may be."""
    return Stat(
        title="Slow requests",
        unit="percentunit",
        description=(
            "Share of the requests over five minutes that exceeded the bound of their class of"
            f" routes ({objectives.LATENCY_SECONDS:g} s for most; uploads, payments and the"
            " companion may take longer); of the whole service. Red: the board Slow requests"
            " shows what they wait for."
        ),
        thresholds=rising(config.SLOW_RATIO),
        no_value="no requests",
        targets=(Target(budgets.SLOW_NOW, "slow"),),
        links=(links.board(links.SLOW_REQUESTS, "Slow requests"),),
    )


def data_age() -> Stat:
    """Return how old the newest data are."""
    return Stat(
        title="Age of the data",
        unit="s",
        description=(
            "Age of the newest sample of any worker. Red: Prometheus gets nothing, and every panel"
            " shows the past as if it were now. The board Telemetry pipeline shows which hop is"
            " broken."
        ),
        thresholds=rising(objectives.SCRAPE_AGE_SECONDS),
        no_value="nothing for an hour",
        targets=(Target(workers.DATA_AGE, "age"),),
        links=(links.board(links.TELEMETRY, "Telemetry pipeline"),),
    )


def alerts_firing(*labels: str) -> Table:
    """Return the alerts that fire, those of the longest time first.

    Args:
        labels: One row for each of their values: ``alertname``, ``severity``,
            service and environment.
    """
    return Table(
        title="Alerts that fire",
        unit="short",
        description=(
            "Each alert with the time since its condition began to hold; empty is good. `page`"
            " needs a person now, `ticket` in the morning. The alert's annotations link its board"
            " and its runbook in docs/runbooks."
        ),
        keys={label: _ALERT_KEYS[label] for label in labels},
        columns=(Column("For", "s", budgets.firing_for(*labels)),),
        no_value="no alert fires",
        links=(links.alert(links.ALERT_OF_ROW),),
    )
