"""Queries of the Members board: what members do, and the services that it depends on."""

from dashboards import config
from dashboards.promql import (
    WORKER,
    buckets,
    increase,
    largest,
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
from service import metrics
from telemetry import names

_NOW = config.NOW
_PAYMENT_FAILED = 'result=~"unavailable|error"'
_MESSAGE_FAILED = 'result=~"timeout|error|rejected|circuit_open"'
_UPLOAD_FAILED = 'result=~"slow|error"'
_SESSION_ROUTES = 'http_route=~"/api/v1/sessions.*"'


def _share(part: str, whole: str) -> str:
    return ratio(or_zero(total(part), READY), total(whole))


# --- is it bad ------------------------------------------------------------------------------------
PAYMENTS_FAILED_NOW = _share(
    rate(metrics.PAYMENTS, _PAYMENT_FAILED, window=_NOW), rate(metrics.PAYMENTS, window=_NOW)
)
COMPANION_FAILED_NOW = _share(
    rate(metrics.COMPANION_DURATION, _MESSAGE_FAILED, suffix="_count", window=_NOW),
    rate(metrics.COMPANION_DURATION, suffix="_count", window=_NOW),
)
COMPANION_P95_NOW = without_nan(quantile(0.95, metrics.COMPANION_DURATION, window=_NOW))
CIRCUITS_OPEN = total(series(metrics.COMPANION_CIRCUIT, 'state="open"'))
UPLOADS_FAILED_NOW = _share(
    rate(metrics.FILE_UPLOADS, _UPLOAD_FAILED, window=_NOW), rate(metrics.FILE_UPLOADS, window=_NOW)
)
RATE_LIMITED_NOW = or_zero(total(rate(metrics.RATE_LIMITED, window=_NOW)), READY)

# --- where ----------------------------------------------------------------------------------------
BOOKINGS = total(rate(metrics.BOOKINGS), "result")
PAYMENTS = total(rate(metrics.PAYMENTS), "operation", "result")
PAYMENT_EVENTS = or_zero(total(rate(metrics.PAYMENT_EVENTS), "result"), READY, "result")
REFUNDS = or_zero(total(increase(metrics.REFUNDS), "status"), READY, "status")
COMPANION_ANSWERS = total(rate(metrics.COMPANION_DURATION, suffix="_count"), "result")
COMPANION_P50 = quantile(0.5, metrics.COMPANION_DURATION)
COMPANION_P95 = quantile(0.95, metrics.COMPANION_DURATION)
COMPANION_BUCKETS = buckets(metrics.COMPANION_DURATION)
UPLOADS = total(rate(metrics.FILE_UPLOADS), "result")
UPLOAD_BUCKETS = buckets(metrics.UPLOADS)
UPLOAD_BYTES = total(rate(metrics.UPLOADS, suffix="_sum"))
LOGINS = total(rate(metrics.LOGINS), "result")
RENEWALS = total(rate(metrics.RENEWALS), "result")
REGISTRATIONS = total(rate(metrics.REGISTRATIONS), "result")
POST_READS = total(rate(metrics.POST_READS), "result")
POST_LISTS = total(rate(metrics.POST_LISTS), "filter")
POST_WRITES = or_zero(total(rate(metrics.POST_WRITES), "action", "result"), READY, "action")

# --- why ------------------------------------------------------------------------------------------
COMPANION_CALLS = largest(series(metrics.COMPANION_CALLS), WORKER)
COMPANION_CIRCUIT = total(series(metrics.COMPANION_CIRCUIT), "state")
EXTERNAL_BY_ROUTE = total(rate(names.REQUEST_PHASE, 'phase="external"'), names.ROUTE)
SESSION_ROUTES_MEAN = mean(names.REQUEST_DURATION, _SESSION_ROUTES, by=(names.ROUTE,))
RATE_LIMITED = or_zero(total(rate(metrics.RATE_LIMITED), "group"), READY, "group")
UNAUTHORIZED = or_zero(total(rate(metrics.UNAUTHORIZED), "reason"), READY, "reason")
DATABASE_FAILURES = or_zero(total(rate(metrics.DATABASE_FAILURES), "kind"), READY, "kind")
FALLBACKS = or_zero(total(increase(metrics.RATE_LIMIT_FALLBACKS)), READY)
