"""Queries of the Service board: what users get, and what it costs.

Probes of the health routes are left out everywhere: they are many and fast, and no user waits for
them.
"""

from dashboards.config import OBJECTIVES
from dashboards.promql import (
    RANGE,
    buckets,
    if_any,
    increase,
    largest,
    mean,
    quantile,
    rate,
    ratio,
    series,
    total,
    zero_when_quiet,
)
from telemetry import names

PROBES = "|".join(sorted(names.HEALTH_ROUTES))
USERS = f'{names.ROUTE}!~"{PROBES}"'
CHOSEN = f'{names.ROUTE}=~"$route"'
FAILED = f'{names.STATUS}=~"5.."'
FAST = f'le="{OBJECTIVES.latency_target_seconds:g}"'

_NOW = OBJECTIVES.now_window
_DURATION = names.REQUEST_DURATION
_WITNESS = series(names.SERVICE_STATE, 'state="ready"')


def _requests(*matchers: str, window: str = "$__rate_interval") -> str:
    return rate(_DURATION, USERS, CHOSEN, *matchers, suffix="_count", window=window)


def _failed_share(window: str) -> str:
    failed = zero_when_quiet(total(_requests(FAILED, window=window)), _WITNESS)
    return ratio(failed, total(_requests(window=window)))


def budget_burn(window: str) -> str:
    """How many times faster than evenly the error budget is spent over ``window``."""
    return f"({_failed_share(window)}) / {round(1 - OBJECTIVES.served_share, 6)}"


# --- is it bad ------------------------------------------------------------------------------------
INSTANCES_READY = total(series(names.SERVICE_STATE, 'state="ready"'))
INSTANCES_MISSING = f"count({series('up')}) - {INSTANCES_READY}"
FAILED_SHARE_NOW = _failed_share(_NOW)
FAST_SHARE_NOW = ratio(
    total(rate(_DURATION, USERS, CHOSEN, FAST, suffix="_bucket", window=_NOW)),
    total(_requests(window=_NOW)),
)
P95_NOW = if_any(quantile(0.95, _DURATION, USERS, CHOSEN, window=_NOW))
REQUESTS_NOW = total(_requests(window=_NOW))

# --- where ----------------------------------------------------------------------------------------
REQUESTS_BY_ROUTE = total(_requests(), names.METHOD, names.ROUTE)
FAILURES_BY_ROUTE = zero_when_quiet(
    total(_requests(FAILED), names.ROUTE, names.STATUS), _WITNESS, names.ROUTE
)
REQUESTS_BY_STATUS = total(_requests(), names.STATUS)
P50 = quantile(0.5, _DURATION, USERS, CHOSEN)
P95 = quantile(0.95, _DURATION, USERS, CHOSEN)
P99 = quantile(0.99, _DURATION, USERS, CHOSEN)
P95_BY_ROUTE = quantile(0.95, _DURATION, USERS, CHOSEN, by=(names.ROUTE,))
LATENCY_BUCKETS = buckets(_DURATION, USERS, CHOSEN)

ROUTE_REQUESTS = f"{total(_requests(window=RANGE), names.ROUTE)} > 0"
ROUTE_FAILED_SHARE = ratio(
    f"{total(_requests(FAILED, window=RANGE), names.ROUTE)} or 0 * {total(_requests(window=RANGE), names.ROUTE)}",
    total(_requests(window=RANGE), names.ROUTE),
)
ROUTE_MEAN = mean(_DURATION, USERS, CHOSEN, by=(names.ROUTE,), window=RANGE)
ROUTE_P95 = if_any(quantile(0.95, _DURATION, USERS, CHOSEN, by=(names.ROUTE,), window=RANGE))
_ROUTE_SECONDS = rate(_DURATION, USERS, CHOSEN, suffix="_sum", window=RANGE)
ROUTE_TIME_SHARE = (
    f"({total(_ROUTE_SECONDS, names.ROUTE)} > 0) / on() group_left() {total(_ROUTE_SECONDS)}"
)

# --- why ------------------------------------------------------------------------------------------
PHASE_MEAN = f"{total(rate(names.REQUEST_PHASE, USERS, CHOSEN), 'phase')} / on() group_left() ({total(_requests())} > 0)"
SLOW_BY_PHASE = zero_when_quiet(
    total(rate(names.SLOW_REQUESTS, USERS, CHOSEN), "dominant_phase"), _WITNESS, "dominant_phase"
)
SLOW_BY_ROUTE = zero_when_quiet(
    total(rate(names.SLOW_REQUESTS, USERS, CHOSEN), names.ROUTE), _WITNESS, names.ROUTE
)
ABORTED = zero_when_quiet(
    total(rate(names.ABORTED_REQUESTS, USERS, CHOSEN), "reason"), _WITNESS, "reason"
)
UNREADABLE = zero_when_quiet(
    total(rate(names.UNREADABLE_REQUESTS), names.STATUS), _WITNESS, names.STATUS
)
IN_FLIGHT = total(series(names.ACTIVE_REQUESTS), "service_instance_id")
RESPONSE_BYTES = total(rate(names.RESPONSE_SIZE, USERS, CHOSEN), names.ROUTE)

# --- can this board be believed -------------------------------------------------------------------
SPANS = total(rate(names.SPANS), "decision")
SPANS_DROPPED = zero_when_quiet(total(rate(names.SPANS_DROPPED), "reason"), _WITNESS, "reason")
EXPORT_P95 = quantile(0.95, names.EXPORT_DURATION, by=("result",))
QUEUE = largest(series(names.QUEUE_SPANS), "service_instance_id")
ERRORS = zero_when_quiet(total(increase(names.TELEMETRY_ERRORS), "where"), _WITNESS, "where")
LOG_LINES_DROPPED = zero_when_quiet(
    total(increase(names.LOG_LINES_DROPPED), "reason"), _WITNESS, "reason"
)
