"""Recording rules: the ratios that objectives are about, for each window of a burn rate.

Workers' series are read once, over five minutes, and added up by route; classes of routes are sums
of those few hundred series, and every longer window is an average of sums, so three days cost no
more than an hour. The class of a route is known by the rules alone: another bound or class needs no
new label and no roll-out of the service.
Names are ``level:metric:operations``; scaled rules keep the names of the windows that they stand
for.

Source: Prometheus' documentation, "Recording rules"; *The Site Reliability Workbook*, chapter 5.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from dashboards import fleet
from dashboards.rule_promql import (
    OF_SERVICE,
    OF_WORKER,
    SERVICE,
    STARTED,
    UP,
    VERSION,
    WORKER,
    largest,
    or_zero,
    rate,
    selector,
    smallest,
    total,
)
from dashboards.time_scale import TimeScale, of_seconds
from service import objectives
from service.objectives import ROUTE_CLASSES, WINDOWS, RouteClass
from telemetry import names

CLASS: Final = "route_class"

BY_ROUTE: Final = "serene:http_requests_by_route:rate5m"
"""Requests a second of all workers, without probes, by method, route and status."""
WITHIN: Final = "serene:http_requests_within_bound:rate5m"
"""Requests a second without a 5xx that took at most ``le``, by method and route."""
REQUESTS: Final = "serene:http_requests:rate5m"
"""Requests a second by ``route_class``."""
FAILED: Final = "serene:http_requests_failed:rate5m"
"""Requests with a 5xx, or cut by the service, a second."""
SERVED: Final = "serene:http_requests_served:rate5m"
"""Requests without a 5xx a second by ``route_class``: those that latency is about."""
SLOW: Final = "serene:http_requests_slow:rate5m"
"""Of them those over the bound of their class."""
STALE: Final = "serene:workers:stale_ratio"
"""Share of workers without fresh evidence at this moment."""

_BASE: Final = WINDOWS[0]
_ROUTE: Final = (*OF_SERVICE, names.METHOD, names.ROUTE)
_NO_PROBES: Final = f'{names.ROUTE}!~"{"|".join(objectives.HEALTH_ROUTES)}"'
_FAILED: Final = f'{names.STATUS}=~"5.."'
_NOT_FAILED: Final = f'{names.STATUS}!~"5.."'
_CUT: Final = ('reason=~"failed|killed|timeout"', _NOT_FAILED)
"""Failures that no 5xx shows: the response had begun, or nothing was sent."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording rule.

    Args:
        record: Name of the new series.
        query: PromQL.
        labels: Further labels.
    """

    record: str
    query: str
    labels: tuple[tuple[str, str], ...] = ()

    def rule(self) -> dict[str, object]:
        """Return the rule in Prometheus' form."""
        rule: dict[str, object] = {"record": self.record, "expr": self.query}
        return rule | ({"labels": dict(self.labels)} if self.labels else {})


def error_ratio(window: str) -> str:
    """Return the name of the share of failed requests over a window of ``WINDOWS``."""
    return f"serene:http_requests:error_ratio_rate{window}"


def slow_ratio(window: str) -> str:
    """Return the name of the share of slow requests, by ``route_class``."""
    return f"serene:http_requests:slow_ratio_rate{window}"


def stale_ratio(window: str) -> str:
    """Return the name of the share of workers' time without fresh evidence."""
    return f"serene:workers:stale_ratio_rate{window}"


def budget_left(objective: str) -> str:
    """Return the name of an objective's share of the budget that is left, 1 to below 0."""
    return f"serene:{objective}:budget_left_ratio{objectives.BUDGET_DAYS}d"


def groups(time: TimeScale) -> list[dict[str, object]]:
    """Return the groups of recording rules in Prometheus' form."""
    return [
        _group("serene-fleet", time(fleet.INTERVAL), chain(_fleet(time), _extremes())),
        _group("serene-base", time("15s"), _base(time)),
        _group("serene-ratios", time("15s"), _ratios(time)),
        _group("serene-budgets", time("1m"), _budgets(time)),
    ]


def _group(name: str, interval: str, rules: Iterator[Recording]) -> dict[str, object]:
    return {"name": name, "interval": interval, "rules": [rule.rule() for rule in rules]}


# --- sums over instances --------------------------------------------------------------------------
def _fleet(time: TimeScale) -> Iterator[Recording]:
    yield Recording(fleet.EVALUATIONS, "vector(1)")
    window = of_seconds(max(time.seconds(fleet.WINDOW), fleet.LEAST_WINDOW_SECONDS))
    for one in (*fleet.SUMS.values(), *fleet.OF_WORKERS.values()):
        labels = (*OF_SERVICE, VERSION, *((WORKER,) if one.by_worker else ()), *one.labels)
        instance = () if one.by_worker else ((WORKER, fleet.ALL_INSTANCES),)
        counter = selector(one.counter, *one.matchers)
        yield Recording(one.record, total(rate(counter, window), *labels), instance)


def _extremes() -> Iterator[Recording]:
    """Yield what every board marks on its graphs, of each version: drains and starts."""
    of_version = (*OF_SERVICE, VERSION)
    all_of_them = ((WORKER, fleet.ALL_INSTANCES),)
    draining = largest(selector(names.SERVICE_STATE, 'state="draining"'), *of_version)
    yield Recording(fleet.DRAINING, draining, all_of_them)
    started = selector(STARTED, f'{SERVICE}!=""')
    yield Recording(fleet.OLDEST_START, smallest(started, *of_version), all_of_them)
    yield Recording(fleet.NEWEST_START, largest(started, *of_version), all_of_them)


# --- the base: five minutes -----------------------------------------------------------------------
def _base(time: TimeScale) -> Iterator[Recording]:
    window = time(_BASE)
    count = selector(names.REQUEST_DURATION, _NO_PROBES, suffix="_count")
    yield Recording(BY_ROUTE, total(rate(count, window), *_ROUTE, names.STATUS))
    bounds = sorted({one.seconds for one in ROUTE_CLASSES})
    # The Collector writes a bound of 1 as "1", a scrape by Prometheus itself as "1.0".
    le = "|".join(f"{bound:g}" if bound % 1 else f"{bound:g}|{bound:.1f}" for bound in bounds)
    bucket = selector(
        names.REQUEST_DURATION, _NO_PROBES, _NOT_FAILED, f'le=~"{le}"', suffix="_bucket"
    )
    yield Recording(WITHIN, total(rate(bucket, window), *_ROUTE, "le"))
    for route_class in ROUTE_CLASSES:
        yield from _of_class(route_class)
    answered = total(f"{BY_ROUTE}{{{_FAILED}}}", *OF_SERVICE)
    cut = total(rate(selector(names.ABORTED_REQUESTS, _NO_PROBES, *_CUT), window), *OF_SERVICE)
    yield Recording(FAILED, f"{or_zero(answered)} + {or_zero(cut)}")
    yield Recording(STALE, f"1 - {_fresh_workers()} / {total(_one(UP), *OF_SERVICE)}")


def _of_class(route_class: RouteClass) -> Iterator[Recording]:
    labels = ((CLASS, route_class.name),)
    bound = f"{route_class.seconds:g}"
    le = f'le="{bound}"' if route_class.seconds % 1 else f'le=~"{bound}|{bound}.0"'
    served = f'sum without ({CLASS}) ({SERVED}{{{CLASS}="{route_class.name}"}})'
    fast = total(_routes(route_class, WITHIN, le), *OF_SERVICE)
    yield Recording(REQUESTS, or_zero(total(_routes(route_class, BY_ROUTE), *OF_SERVICE)), labels)
    without_5xx = total(_routes(route_class, BY_ROUTE, _NOT_FAILED), *OF_SERVICE)
    yield Recording(SERVED, or_zero(without_5xx), labels)
    yield Recording(SLOW, f"clamp_min({served} - ({fast} or 0 * {served}), 0)", labels)


def _routes(route_class: RouteClass, record: str, *matchers: str) -> str:
    """Return the series of a class; those of the first one are of no other class."""
    if route_class.routes:
        return " or ".join(_named(route_class, record, *matchers))
    others = (
        series for one in ROUTE_CLASSES if one.routes for series in _named(one, record, *matchers)
    )
    return f"{selector(record, *matchers)} unless ({' or '.join(others)})"


def _named(route_class: RouteClass, record: str, *matchers: str) -> Iterator[str]:
    for method in sorted({method for method, _ in route_class.routes}):
        paths = "|".join(_pattern(path) for own, path in route_class.routes if own == method)
        yield selector(record, f'{names.METHOD}="{method}"', f'{names.ROUTE}=~"{paths}"', *matchers)


def _pattern(path: str) -> str:
    # A backslash is doubled in a string of PromQL.
    return re.sub(r"([.+*?()\[\]|^$])", r"\\\\\1", path)


def _fresh_workers() -> str:
    evidence = names.MONGODB_EVIDENCE.name
    fresh = f'(time() - {evidence}{{{SERVICE}!=""}} <= {objectives.FRESHNESS_SECONDS:g})'
    return or_zero(total(_one(largest(fresh, *OF_WORKER)), *OF_SERVICE))


def _one(expression: str) -> str:
    """Return 1 for each series."""
    return f"({expression} * 0 + 1)"


# --- windows --------------------------------------------------------------------------------------
def _ratios(time: TimeScale) -> Iterator[Recording]:
    for window in WINDOWS:
        length = None if window == _BASE else time(window)
        requests = f"sum without ({CLASS}) ({_average(REQUESTS, length)})"
        yield Recording(error_ratio(window), f"{_average(FAILED, length)} / ({requests} > 0)")
        yield Recording(
            slow_ratio(window), f"{_average(SLOW, length)} / ({_average(SERVED, length)} > 0)"
        )
        yield Recording(stale_ratio(window), f"avg_over_time({STALE}[{time(window)}])")


def _budgets(time: TimeScale) -> Iterator[Recording]:
    whole = time(f"{objectives.BUDGET_DAYS}d")
    bad = {
        objectives.AVAILABILITY: (
            f"{_average(FAILED, whole)} / (sum without ({CLASS}) ({_average(REQUESTS, whole)}) > 0)"
        ),
        objectives.LATENCY: f"{_average(SLOW, whole)} / ({_average(SERVED, whole)} > 0)",
        objectives.FRESHNESS: _average(STALE, whole),
    }
    for objective, ratio in bad.items():
        yield Recording(budget_left(objective.name), f"1 - ({ratio}) / {objective.budget:g}")


def _average(name: str, window: str | None) -> str:
    return f"avg_over_time({name}[{window}])" if window else name
