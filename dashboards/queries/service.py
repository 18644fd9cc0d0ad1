"""Queries of the Service board: requests, their results, latency and phases.

Requests of the health routes are excluded everywhere: probes are many and fast, and would hide what
users get.
"""

from typing import Final

from dashboards import config
from dashboards.promql import (
    VERSION_LABEL,
    buckets,
    highest,
    largest,
    or_zero,
    quantile,
    rate,
    ratio,
    series,
    top,
    total,
    without_nan,
)
from dashboards.queries.workers import OF_SERVICE, OF_WORKER, READY
from service import objectives
from telemetry import names

PROBES: Final = "|".join(sorted(objectives.HEALTH_ROUTES))
NO_PROBES: Final = f'{names.ROUTE}!~"{PROBES}"'
ON_ROUTES: Final = f'{names.ROUTE}=~"$route"'
FAILED: Final = f'{names.STATUS}=~"5.."'
CUT: Final = ('reason=~"failed|killed|timeout"', f'{names.STATUS}!~"5.."')
"""Failures that no 5xx shows: the response had begun, or nothing was sent."""

_NOW = config.NOW
_DURATION = names.REQUEST_DURATION
_USERS = (NO_PROBES, ON_ROUTES)


def _requests(*matchers: str, window: str = "$__rate_interval") -> str:
    return rate(_DURATION, *_USERS, *matchers, suffix="_count", window=window)


def _or_none_of(part: str, whole: str, *by: str) -> str:
    """Return ``part``, and 0 for what has only a ``whole``."""
    return f"({part} or on({', '.join(by)}) 0 * {whole})" if by else or_zero(part, READY)


def failed_share(window: str, *by: str) -> str:
    """Return the share of requests that failed, also those that no 5xx shows."""
    whole = total(_requests(window=window), *by)
    cut = rate(names.ABORTED_REQUESTS, *_USERS, *CUT, window=window)
    answered = _or_none_of(total(_requests(FAILED, window=window), *by), whole, *by)
    return ratio(f"({answered}) + ({_or_none_of(total(cut, *by), whole, *by)})", whole)


def p99(window: str, *by: str) -> str:
    """Return the latency that one request in a hundred exceeds."""
    return without_nan(quantile(0.99, _DURATION, *_USERS, by=by, window=window))


# --- is it bad ------------------------------------------------------------------------------------
FAILED_SHARE_NOW = failed_share(_NOW)
REQUESTS_NOW = total(_requests(window=_NOW))
REQUESTS_BY_SERVICE = total(_requests(window=_NOW), *OF_SERVICE)
FAILED_SHARE_BY_SERVICE = failed_share(_NOW, *OF_SERVICE)
P99_BY_SERVICE = p99(_NOW, *OF_SERVICE)

# --- where ----------------------------------------------------------------------------------------
FAILED_SHARE = failed_share("$__rate_interval")
REQUESTS_BY_STATUS = total(_requests(), names.STATUS)
FAILURES_BY_ROUTE = or_zero(
    top(config.LINES, total(_requests(FAILED), names.ROUTE, names.STATUS)), READY, names.ROUTE
)
P50 = quantile(0.5, _DURATION, *_USERS)
P95 = quantile(0.95, _DURATION, *_USERS)
P99 = quantile(0.99, _DURATION, *_USERS)
LATENCY_BUCKETS = buckets(_DURATION, *_USERS)
_BUSY_ROUTES = f"rate({series(_DURATION, *_USERS, suffix='_sum')}[{_NOW}] @ end())"
P99_BY_ROUTE = highest(
    config.LINES,
    quantile(0.99, _DURATION, *_USERS, by=(names.ROUTE,)),
    total(_BUSY_ROUTES, names.ROUTE),
    names.ROUTE,
)

ROUTE_REQUESTS = f"{total(_requests(window=_NOW), names.ROUTE)} > 0"
ROUTE_FAILED_SHARE = failed_share(_NOW, names.ROUTE)
ROUTE_P50 = without_nan(quantile(0.5, _DURATION, *_USERS, by=(names.ROUTE,), window=_NOW))
ROUTE_P99 = p99(_NOW, names.ROUTE)
_ROUTE_SECONDS = rate(_DURATION, *_USERS, suffix="_sum", window=_NOW)
ROUTE_TIME_SHARE = (
    f"({total(_ROUTE_SECONDS, names.ROUTE)} > 0) / on() group_left() {total(_ROUTE_SECONDS)}"
)

WORKER_REQUESTS = total(_requests(window=_NOW), *OF_WORKER)
WORKER_FAILED_SHARE = failed_share(_NOW, *OF_WORKER)
WORKER_P99 = p99(_NOW, *OF_WORKER)

# --- why ------------------------------------------------------------------------------------------
PHASE_MEAN = (
    f"{total(rate(names.REQUEST_PHASE, *_USERS), 'phase')}"
    f" / on() group_left() ({total(_requests())} > 0)"
)
SLOW_BY_PHASE = or_zero(
    total(rate(names.SLOW_REQUESTS, *_USERS), "dominant_phase"), READY, "dominant_phase"
)
ABORTED = or_zero(total(rate(names.ABORTED_REQUESTS, *_USERS), "reason"), READY, "reason")
UNREADABLE = or_zero(total(rate(names.UNREADABLE_REQUESTS), names.STATUS), READY, names.STATUS)
SLOW_CLIENTS = or_zero(total(rate(names.SLOW_CLIENTS), "reason"), READY, "reason")
REFUSED_CONNECTIONS = or_zero(total(rate(names.REFUSED_CONNECTIONS), "reason"), READY, "reason")
IN_FLIGHT = total(series(names.ACTIVE_REQUESTS))
IN_FLIGHT_WORST = largest(total(series(names.ACTIVE_REQUESTS), *OF_WORKER))
_SENT = rate(names.RESPONSE_SIZE, *_USERS)
_MOST_SENT = f"rate({series(names.RESPONSE_SIZE, *_USERS)}[{_NOW}] @ end())"
RESPONSE_BYTES = highest(
    config.LINES, total(_SENT, names.ROUTE), total(_MOST_SENT, names.ROUTE), names.ROUTE
)

# --- versions -------------------------------------------------------------------------------------
VERSION_REQUESTS = total(_requests(), VERSION_LABEL)
VERSION_FAILED_SHARE = failed_share("$__rate_interval", VERSION_LABEL)
VERSION_P99 = p99("$__rate_interval", VERSION_LABEL)
VERSION_FAILED_SHARE_NOW = failed_share(_NOW, *OF_SERVICE, VERSION_LABEL)
VERSION_P99_NOW = p99(_NOW, *OF_SERVICE, VERSION_LABEL)
