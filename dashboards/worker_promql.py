"""PromQL of single instances, of which there may be 200: what rules record of each.

Source: ``dashboards.fleet``, which names what is recorded.
"""

from typing import Final

from dashboards import fleet
from dashboards.promql import (
    RANGE,
    SERVICE_LABEL,
    WINDOW,
    evaluations,
    name_of,
    rate,
    series,
    total,
)
from telemetry import names
from telemetry.names import Metric

ALL_ROUTES: Final = f'{SERVICE_LABEL}=~"$route"'
"""Matches each series while all routes are selected, and none else: no service is a path."""
CHOSEN_ROUTES: Final = f'{SERVICE_LABEL}!~"$route"'
"""The opposite."""


def worker_rate(metric: Metric | str, window: str = WINDOW) -> str:
    """Return a counter's increase per second of each worker, added up over its labels."""
    recorded = series(fleet.OF_WORKERS[name_of(metric)].record)
    return f"(sum_over_time({recorded}[{window}]) / {evaluations(window)})"


def worker_requests(
    metric: Metric, *matchers: str, by: tuple[str, ...], suffix: str, window: str = WINDOW
) -> str:
    """Return the sums of a histogram of requests by labels, the instance among them.

    While all routes are selected it reads what rules record of each instance, and the raw series of
    the chosen routes else.

    Args:
        metric: Of ``dashboards.fleet``, by instance.
        matchers: Of a recorded series as well as of a raw one.
        by: Labels that stay.
        suffix: Part of the histogram.
        window: Of which the rate is.
    """
    record = fleet.OF_WORKERS[metric.name + suffix].record
    recorded = f"sum_over_time({series(record, ALL_ROUTES, *matchers)}[{window}])"
    routes = (CHOSEN_ROUTES, f'{names.ROUTE}=~"$route"')
    chosen = total(rate(metric, *routes, *matchers, suffix=suffix, window=window), *by)
    return f"({total(recorded, *by)} / {evaluations(window)} or {chosen})"


def rank_of_worker(metric: Metric | str) -> str:
    """Return the increase of a counter of ``worker_rate`` in the time range, times a constant."""
    return f"sum_over_time({series(fleet.OF_WORKERS[name_of(metric)].record)}[{RANGE}] @ end())"
