"""Queries of the Service board: requests, their results, latency and phases.

Requests of the health routes are excluded everywhere: probes are many and fast, and would hide what
users get.
"""

from dashboards import config
from dashboards.promql import (
    RANGE,
    WORKER,
    buckets,
    mean,
    or_zero,
    quantile,
    rate,
    ratio,
    series,
    total,
    without_nan,
)
from dashboards.queries.workers import READY
from service import objectives
from telemetry import names

PROBES = "|".join(sorted(objectives.HEALTH_ROUTES))
NO_PROBES = f'{names.ROUTE}!~"{PROBES}"'
ON_ROUTES = f'{names.ROUTE}=~"$route"'
FAILED = f'{names.STATUS}=~"5.."'
CUT = ('reason=~"failed|killed|timeout"', f'{names.STATUS}!~"5.."')
"""Failures that no 5xx shows: the response had begun, or nothing was sent."""
FAST = f'le="{objectives.LATENCY_SECONDS:g}"'

_NOW = config.NOW
_DURATION = names.REQUEST_DURATION


def _requests(*matchers: str, window: str = "$__rate_interval") -> str:
    return rate(_DURATION, NO_PROBES, ON_ROUTES, *matchers, suffix="_count", window=window)


def _failed_share(window: str) -> str:
    answered = or_zero(total(_requests(FAILED, window=window)), READY)
    cut = or_zero(
        total(rate(names.ABORTED_REQUESTS, NO_PROBES, ON_ROUTES, *CUT, window=window)), READY
    )
    failed = f"({answered} + {cut})"
    return ratio(failed, total(_requests(window=window)))


def budget_burn(window: str) -> str:
    """Return the error budget's burn rate over ``window``, as a multiple of the even rate."""
    return f"({_failed_share(window)}) / {objectives.AVAILABILITY.budget}"


# --- is it bad ------------------------------------------------------------------------------------
WORKERS_READY = total(READY)
WORKERS_MISSING = f"count({series('up')}) - {WORKERS_READY}"
FAILED_SHARE_NOW = _failed_share(_NOW)
FAST_SHARE_NOW = ratio(
    total(rate(_DURATION, NO_PROBES, ON_ROUTES, FAST, suffix="_bucket", window=_NOW)),
    total(_requests(window=_NOW)),
)
P99_NOW = without_nan(quantile(0.99, _DURATION, NO_PROBES, ON_ROUTES, window=_NOW))
REQUESTS_NOW = total(_requests(window=_NOW))

# --- where ----------------------------------------------------------------------------------------
REQUESTS_BY_ROUTE = total(_requests(), names.METHOD, names.ROUTE)
FAILURES_BY_ROUTE = or_zero(total(_requests(FAILED), names.ROUTE, names.STATUS), READY, names.ROUTE)
REQUESTS_BY_STATUS = total(_requests(), names.STATUS)
P50 = quantile(0.5, _DURATION, NO_PROBES, ON_ROUTES)
P95 = quantile(0.95, _DURATION, NO_PROBES, ON_ROUTES)
P99 = quantile(0.99, _DURATION, NO_PROBES, ON_ROUTES)
P95_BY_ROUTE = quantile(0.95, _DURATION, NO_PROBES, ON_ROUTES, by=(names.ROUTE,))
LATENCY_BUCKETS = buckets(_DURATION, NO_PROBES, ON_ROUTES)

ROUTE_REQUESTS = f"{total(_requests(window=RANGE), names.ROUTE)} > 0"
ROUTE_FAILED_SHARE = ratio(
    f"{total(_requests(FAILED, window=RANGE), names.ROUTE)}"
    f" or 0 * {total(_requests(window=RANGE), names.ROUTE)}",
    total(_requests(window=RANGE), names.ROUTE),
)
ROUTE_MEAN = mean(_DURATION, NO_PROBES, ON_ROUTES, by=(names.ROUTE,), window=RANGE)
ROUTE_P99 = without_nan(
    quantile(0.99, _DURATION, NO_PROBES, ON_ROUTES, by=(names.ROUTE,), window=RANGE)
)
_ROUTE_SECONDS = rate(_DURATION, NO_PROBES, ON_ROUTES, suffix="_sum", window=RANGE)
ROUTE_TIME_SHARE = (
    f"({total(_ROUTE_SECONDS, names.ROUTE)} > 0) / on() group_left() {total(_ROUTE_SECONDS)}"
)

# --- why ------------------------------------------------------------------------------------------
PHASE_MEAN = (
    f"{total(rate(names.REQUEST_PHASE, NO_PROBES, ON_ROUTES), 'phase')}"
    f" / on() group_left() ({total(_requests())} > 0)"
)
SLOW_BY_PHASE = or_zero(
    total(rate(names.SLOW_REQUESTS, NO_PROBES, ON_ROUTES), "dominant_phase"),
    READY,
    "dominant_phase",
)
SLOW_BY_ROUTE = or_zero(
    total(rate(names.SLOW_REQUESTS, NO_PROBES, ON_ROUTES), names.ROUTE), READY, names.ROUTE
)
ABORTED = or_zero(
    total(rate(names.ABORTED_REQUESTS, NO_PROBES, ON_ROUTES), "reason"), READY, "reason"
)
UNREADABLE = or_zero(total(rate(names.UNREADABLE_REQUESTS), names.STATUS), READY, names.STATUS)
SLOW_CLIENTS = or_zero(total(rate(names.SLOW_CLIENTS), "reason"), READY, "reason")
REFUSED_CONNECTIONS = or_zero(total(rate(names.REFUSED_CONNECTIONS), "reason"), READY, "reason")
IN_FLIGHT = total(series(names.ACTIVE_REQUESTS), WORKER)
RESPONSE_BYTES = total(rate(names.RESPONSE_SIZE, NO_PROBES, ON_ROUTES), names.ROUTE)
