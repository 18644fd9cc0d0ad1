"""Queries of the Members board: what members do, and the services that it depends on."""

from dashboards.config import LINES, NOW, RECENTLY
from dashboards.promql import (
    RANGE,
    buckets,
    highest,
    increase,
    largest,
    or_zero,
    quantile,
    rate,
    ratio,
    series,
    total,
    without_nan,
)
from dashboards.queries.workers import OF_WORKER, READY
from service import metrics
from telemetry import names

_PAYMENT_FAILED = 'result=~"unavailable|error"'
_REFUND_FAILED = 'status=~"failed|canceled"'
_MESSAGE_FAILED = 'result=~"timeout|error|rejected|circuit_open"'
_UPLOAD_FAILED = 'result=~"slow|error"'
_MODEL, _TOKEN, _ERROR = "gen_ai_request_model", "gen_ai_token_type", "error_type"


def _share(part: str, whole: str) -> str:
    return ratio(or_zero(total(part), READY), total(whole))


def _counted(metric: names.Metric, *matchers: str) -> str:
    """Return how many there were in the time range; 0 where there was none."""
    return or_zero(total(increase(metric, *matchers, window=RANGE)), READY)


# --- is it bad ------------------------------------------------------------------------------------
PAYMENTS_FAILED_NOW = _share(
    rate(metrics.PAYMENTS, _PAYMENT_FAILED, window=NOW), rate(metrics.PAYMENTS, window=NOW)
)
REFUNDS_FAILED_RECENTLY = or_zero(
    total(increase(metrics.REFUNDS, _REFUND_FAILED, window=RECENTLY)), READY
)
COMPANION_FAILED_NOW = _share(
    rate(metrics.COMPANION_DURATION, _MESSAGE_FAILED, suffix="_count", window=NOW),
    rate(metrics.COMPANION_DURATION, suffix="_count", window=NOW),
)
FIRST_CHUNK_P95_NOW = without_nan(quantile(0.95, metrics.GEN_AI_FIRST_CHUNK, window=NOW))
CIRCUITS_OPEN = total(series(metrics.COMPANION_CIRCUIT, 'state="open"'))
UPLOADS_FAILED_NOW = _share(
    rate(metrics.FILE_UPLOADS, _UPLOAD_FAILED, window=NOW), rate(metrics.FILE_UPLOADS, window=NOW)
)
RATE_LIMITED_NOW = or_zero(total(rate(metrics.RATE_LIMITED, window=NOW)), READY)
DATABASE_FAILURES_NOW = or_zero(total(rate(metrics.DATABASE_FAILURES, window=NOW)), READY)

# --- the funnel -----------------------------------------------------------------------------------
REGISTERED = _counted(metrics.REGISTRATIONS, 'result="created"')
LOGGED_IN = _counted(metrics.LOGINS, 'result="success"')
BOOKED = _counted(metrics.BOOKINGS, 'result="booked"')
PAID = _counted(metrics.BOOKINGS, 'result="paid"')
BOOKINGS = total(rate(metrics.BOOKINGS), "result")
LOGINS = total(rate(metrics.LOGINS), "result")
RENEWALS = total(rate(metrics.RENEWALS), "result")
REGISTRATIONS = total(rate(metrics.REGISTRATIONS), "result")

# --- payments -------------------------------------------------------------------------------------
PAYMENTS = total(rate(metrics.PAYMENTS), "operation", "result")
PAYMENT_EVENTS = or_zero(total(rate(metrics.PAYMENT_EVENTS), "result"), READY, "result")
REFUNDS = or_zero(total(increase(metrics.REFUNDS), "status"), READY, "status")
_EXTERNAL = 'phase="external"'
_MOST_EXTERNAL = f"rate({series(names.REQUEST_PHASE, _EXTERNAL)}[{NOW}] @ end())"
EXTERNAL_BY_ROUTE = highest(
    LINES,
    total(rate(names.REQUEST_PHASE, _EXTERNAL), names.ROUTE),
    total(_MOST_EXTERNAL, names.ROUTE),
    names.ROUTE,
)

# --- the companion --------------------------------------------------------------------------------
COMPANION_ANSWERS = total(rate(metrics.COMPANION_DURATION, suffix="_count"), "result")
COMPANION_P50 = quantile(0.5, metrics.COMPANION_DURATION)
COMPANION_P95 = quantile(0.95, metrics.COMPANION_DURATION)
COMPANION_CALLS = total(series(metrics.COMPANION_CALLS))
COMPANION_CALLS_WORST = largest(total(series(metrics.COMPANION_CALLS), *OF_WORKER))
COMPANION_CIRCUIT = total(series(metrics.COMPANION_CIRCUIT), "state")
FIRST_CHUNK_P50 = quantile(0.5, metrics.GEN_AI_FIRST_CHUNK)
FIRST_CHUNK_P95 = quantile(0.95, metrics.GEN_AI_FIRST_CHUNK)
FIRST_CHUNK_BUCKETS = buckets(metrics.GEN_AI_FIRST_CHUNK)
MODEL_CALLS_P95 = quantile(0.95, metrics.GEN_AI_DURATION, by=(_MODEL,))
MODEL_CALLS = or_zero(
    total(rate(metrics.GEN_AI_DURATION, suffix="_count"), _MODEL, _ERROR), READY, _MODEL
)
TOKENS = total(rate(metrics.GEN_AI_TOKENS, suffix="_sum"), _MODEL, _TOKEN)
TOKENS_P95 = quantile(0.95, metrics.GEN_AI_TOKENS, by=(_TOKEN,))

# --- files ----------------------------------------------------------------------------------------
UPLOADS = total(rate(metrics.FILE_UPLOADS), "result")
UPLOAD_BUCKETS = buckets(metrics.UPLOADS)
UPLOAD_BYTES = total(rate(metrics.UPLOADS, suffix="_sum"))

# --- limits and refusals --------------------------------------------------------------------------
RATE_LIMITED = or_zero(total(rate(metrics.RATE_LIMITED), "group"), READY, "group")
UNAUTHORIZED = or_zero(total(rate(metrics.UNAUTHORIZED), "reason"), READY, "reason")
DATABASE_FAILURES = or_zero(total(rate(metrics.DATABASE_FAILURES), "kind"), READY, "kind")
FALLBACKS = or_zero(total(increase(metrics.RATE_LIMIT_FALLBACKS)), READY)

# --- the blog -------------------------------------------------------------------------------------
POST_READS = total(rate(metrics.POST_READS), "result")
POST_LISTS = total(rate(metrics.POST_LISTS), "filter")
POST_WRITES = or_zero(total(rate(metrics.POST_WRITES), "action", "result"), READY, "action")
