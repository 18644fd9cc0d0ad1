"""Queries of the Members board.

What members do, and whether what stands behind the service lets them.
"""

from dashboards.config import OBJECTIVES
from dashboards.promql import (
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

_NOW = OBJECTIVES.now_window
_WITNESS = series(names.SERVICE_STATE, 'state="ready"')
_UNPAID = 'result=~"unavailable|error"'
_UNANSWERED = 'result=~"timeout|error|rejected|circuit_open"'
_UNSTORED = 'result=~"slow|error"'
_OF_MONEY = 'http_route=~"/api/v1/sessions.*"'


def _share(part: str, whole: str) -> str:
    return ratio(zero_when_quiet(total(part), _WITNESS), total(whole))


# --- is it bad ------------------------------------------------------------------------------------
PAYMENTS_FAILED_NOW = _share(
    rate(names.PAYMENTS, _UNPAID, window=_NOW), rate(names.PAYMENTS, window=_NOW)
)
COMPANION_FAILED_NOW = _share(
    rate(names.COMPANION_DURATION, _UNANSWERED, suffix="_count", window=_NOW),
    rate(names.COMPANION_DURATION, suffix="_count", window=_NOW),
)
COMPANION_P95_NOW = if_any(quantile(0.95, names.COMPANION_DURATION, window=_NOW))
CIRCUITS_OPEN = total(series(names.COMPANION_CIRCUIT, 'state="open"'))
UPLOADS_FAILED_NOW = _share(
    rate(names.FILE_UPLOADS, _UNSTORED, window=_NOW), rate(names.FILE_UPLOADS, window=_NOW)
)
RATE_LIMITED_NOW = zero_when_quiet(total(rate(names.RATE_LIMITED, window=_NOW)), _WITNESS)

# --- where ----------------------------------------------------------------------------------------
BOOKINGS = total(rate(names.BOOKINGS), "result")
PAYMENTS = total(rate(names.PAYMENTS), "operation", "result")
PAYMENT_EVENTS = zero_when_quiet(total(rate(names.PAYMENT_EVENTS), "result"), _WITNESS, "result")
COMPANION_ANSWERS = total(rate(names.COMPANION_DURATION, suffix="_count"), "result")
COMPANION_P50 = quantile(0.5, names.COMPANION_DURATION)
COMPANION_P95 = quantile(0.95, names.COMPANION_DURATION)
COMPANION_BUCKETS = buckets(names.COMPANION_DURATION)
UPLOADS = total(rate(names.FILE_UPLOADS), "result")
UPLOAD_BUCKETS = buckets(names.UPLOADS)
UPLOAD_BYTES = total(rate(names.UPLOADS, suffix="_sum"))
LOGINS = total(rate(names.LOGINS), "result")
POST_READS = total(rate(names.POST_READS), "result")
POST_LISTS = total(rate(names.POST_LISTS), "filter")
POST_WRITES = zero_when_quiet(
    total(rate(names.POST_WRITES), "action", "result"), _WITNESS, "action"
)

# --- why ------------------------------------------------------------------------------------------
COMPANION_CALLS = largest(series(names.COMPANION_CALLS), "service_instance_id")
COMPANION_CIRCUIT = total(series(names.COMPANION_CIRCUIT), "state")
EXTERNAL_BY_ROUTE = total(rate(names.REQUEST_PHASE, 'phase="external"'), names.ROUTE)
MONEY_MEAN = mean(names.REQUEST_DURATION, _OF_MONEY, by=(names.ROUTE,))
RATE_LIMITED = zero_when_quiet(total(rate(names.RATE_LIMITED), "group"), _WITNESS, "group")
UNAUTHORIZED = zero_when_quiet(total(rate(names.UNAUTHORIZED), "reason"), _WITNESS, "reason")
FALLBACKS = zero_when_quiet(total(increase(names.RATE_LIMIT_FALLBACKS)), _WITNESS)
