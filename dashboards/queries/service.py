"""Queries of the Service board: requests, their results, latency and phases.

Requests of the health routes are excluded everywhere: probes are many and fast, and would hide what
users get.
"""

from typing import Final

from dashboards import config
from dashboards.promql import (
    VERSION_LABEL,
    WINDOW,
    buckets,
    exemplars,
    highest,
    largest,
    or_zero,
    quantile,
    rank_of_counter,
    ratio,
    series,
    summed_rate,
    top,
    total,
    without_nan,
)
from dashboards.queries.workers import OF_SERVICE, OF_WORKER, READY
from dashboards.worker_promql import worker_requests
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


def _requests(*matchers: str, by: tuple[str, ...] = (), window: str = WINDOW) -> str:
    return summed_rate(_DURATION, *_USERS, *matchers, by=by, suffix="_count", window=window)


def _or_none_of(part: str, whole: str, *by: str) -> str:
    """Return ``part``, and 0 for what has only a ``whole``."""
    return f"({part} or on({', '.join(by)}) 0 * {whole})" if by else or_zero(part, READY)


def failed_share(window: str, *by: str) -> str:
    """Return the share of requests that failed, also those that no 5xx shows."""
    return _failed_share(
        _requests(by=by, window=window),
        _requests(FAILED, by=by, window=window),
        summed_rate(names.ABORTED_REQUESTS, *_USERS, *CUT, by=by, window=window),
        *by,
    )


def _failed_share(whole: str, answered: str, cut: str, *by: str) -> str:
    failed = f"({_or_none_of(answered, whole, *by)}) + ({_or_none_of(cut, whole, *by)})"
    return ratio(failed, whole)


def p99(window: str, *by: str) -> str:
    """Return the latency that one request in a hundred exceeds."""
    return without_nan(quantile(0.99, _DURATION, *_USERS, by=by, window=window))


# --- is it bad ------------------------------------------------------------------------------------
FAILED_SHARE_NOW = failed_share(_NOW)
REQUESTS_NOW = _requests(window=_NOW)
REQUESTS_BY_SERVICE = _requests(by=OF_SERVICE, window=_NOW)
FAILED_SHARE_BY_SERVICE = failed_share(_NOW, *OF_SERVICE)
P99_BY_SERVICE = p99(_NOW, *OF_SERVICE)

# --- where ----------------------------------------------------------------------------------------
FAILED_SHARE = failed_share(WINDOW)
REQUESTS_BY_STATUS = _requests(by=(names.STATUS,))
FAILURES_BY_ROUTE = or_zero(
    top(config.LINES, _requests(FAILED, by=(names.ROUTE, names.STATUS))), READY, names.ROUTE
)
P50 = quantile(0.5, _DURATION, *_USERS)
P95 = quantile(0.95, _DURATION, *_USERS)
P99 = quantile(0.99, _DURATION, *_USERS)
LATENCY_BUCKETS = buckets(_DURATION, *_USERS)
LATENCY_EXEMPLARS = exemplars(_DURATION, *_USERS)
_BUSY_ROUTES = rank_of_counter(_DURATION, *_USERS, suffix="_sum", window=_NOW)
P99_BY_ROUTE = highest(
    config.LINES,
    quantile(0.99, _DURATION, *_USERS, by=(names.ROUTE,)),
    total(_BUSY_ROUTES, names.ROUTE),
    names.ROUTE,
)

ROUTE_REQUESTS = f"{_requests(by=(names.ROUTE,), window=_NOW)} > 0"
ROUTE_FAILED_SHARE = failed_share(_NOW, names.ROUTE)
ROUTE_P50 = without_nan(quantile(0.5, _DURATION, *_USERS, by=(names.ROUTE,), window=_NOW))
ROUTE_P99 = p99(_NOW, names.ROUTE)


def _seconds(*by: str) -> str:
    return summed_rate(_DURATION, *_USERS, by=by, suffix="_sum", window=_NOW)


ROUTE_TIME_SHARE = f"({_seconds(names.ROUTE)} > 0) / on() group_left() {_seconds()}"


def _of_worker(*matchers: str, suffix: str = "_count", by: tuple[str, ...] = ()) -> str:
    own = (*OF_WORKER, *by)
    return worker_requests(_DURATION, *matchers, by=own, suffix=suffix, window=_NOW)


WORKER_REQUESTS = _of_worker()
WORKER_FAILED_SHARE = _failed_share(
    _of_worker(),
    _of_worker(FAILED),
    summed_rate(names.ABORTED_REQUESTS, *_USERS, *CUT, by=OF_WORKER, window=_NOW),
    *OF_WORKER,
)
WORKER_P99 = without_nan(f"histogram_quantile(0.99, {_of_worker(suffix='_bucket', by=('le',))})")

# --- why ------------------------------------------------------------------------------------------
PHASE_MEAN = (
    f"{summed_rate(names.REQUEST_PHASE, *_USERS, by=('phase',))}"
    f" / on() group_left() ({_requests()} > 0)"
)
SLOW_BY_PHASE = or_zero(
    summed_rate(names.SLOW_REQUESTS, *_USERS, by=("dominant_phase",)), READY, "dominant_phase"
)
ABORTED = or_zero(summed_rate(names.ABORTED_REQUESTS, *_USERS, by=("reason",)), READY, "reason")
UNREADABLE = or_zero(
    summed_rate(names.UNREADABLE_REQUESTS, by=(names.STATUS,)), READY, names.STATUS
)
REFUSED_NOW = or_zero(summed_rate(names.REFUSED_CONNECTIONS, window=_NOW), READY)
SLOW_CLIENTS_NOW = or_zero(summed_rate(names.SLOW_CLIENTS, window=_NOW), READY)
SLOW_CLIENTS = or_zero(summed_rate(names.SLOW_CLIENTS, by=("reason",)), READY, "reason")
REFUSED_CONNECTIONS = or_zero(
    summed_rate(names.REFUSED_CONNECTIONS, by=("reason",)), READY, "reason"
)
IN_FLIGHT = total(series(names.ACTIVE_REQUESTS))
IN_FLIGHT_WORST = largest(total(series(names.ACTIVE_REQUESTS), *OF_WORKER))
RESPONSE_BYTES = highest(
    config.LINES,
    summed_rate(names.RESPONSE_SIZE, *_USERS, by=(names.ROUTE,)),
    total(rank_of_counter(names.RESPONSE_SIZE, *_USERS, window=_NOW), names.ROUTE),
    names.ROUTE,
)

# --- versions -------------------------------------------------------------------------------------
VERSION_REQUESTS = _requests(by=(VERSION_LABEL,))
VERSION_FAILED_SHARE = failed_share(WINDOW, VERSION_LABEL)
VERSION_P99 = p99(WINDOW, VERSION_LABEL)
VERSION_FAILED_SHARE_NOW = failed_share(_NOW, *OF_SERVICE, VERSION_LABEL)
VERSION_P99_NOW = p99(_NOW, *OF_SERVICE, VERSION_LABEL)
