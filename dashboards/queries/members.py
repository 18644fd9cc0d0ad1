"""Queries of the Members board: what members do, and the services that it depends on."""

from dashboards.config import LINES, NOW, RECENTLY
from dashboards.promql import (
    RANGE,
    buckets,
    exemplars,
    highest,
    largest,
    or_zero,
    quantile,
    rank_of_counter,
    ratio,
    series,
    summed_increase,
    summed_rate,
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


def _failed_now(metric: names.Metric, failed: str, suffix: str = "") -> str:
    part, whole = (
        summed_rate(metric, *matchers, suffix=suffix, window=NOW) for matchers in ((failed,), ())
    )
    return ratio(or_zero(part, READY), whole)


def _counted(metric: names.Metric, *matchers: str) -> str:
    """Return how many there were in the time range; 0 where there was none."""
    return f"round({or_zero(summed_increase(metric, *matchers, window=RANGE), READY)})"


# --- is it bad ------------------------------------------------------------------------------------
PAYMENTS_FAILED_NOW = _failed_now(metrics.PAYMENTS, _PAYMENT_FAILED)
REFUNDS_FAILED_RECENTLY = or_zero(
    summed_increase(metrics.REFUNDS, _REFUND_FAILED, window=RECENTLY), READY
)
COMPANION_FAILED_NOW = _failed_now(metrics.COMPANION_DURATION, _MESSAGE_FAILED, "_count")
FIRST_CHUNK_P95_NOW = without_nan(quantile(0.95, metrics.GEN_AI_FIRST_CHUNK, window=NOW))
CIRCUITS_OPEN = total(series(metrics.COMPANION_CIRCUIT, 'state="open"'))
UPLOADS_FAILED_NOW = _failed_now(metrics.FILE_UPLOADS, _UPLOAD_FAILED)
RATE_LIMITED_NOW = or_zero(summed_rate(metrics.RATE_LIMITED, window=NOW), READY)
FALLBACKS_NOW = or_zero(summed_rate(metrics.RATE_LIMIT_FALLBACKS, window=NOW), READY)
DATABASE_FAILURES_NOW = or_zero(summed_rate(metrics.DATABASE_FAILURES, window=NOW), READY)

# --- the funnel -----------------------------------------------------------------------------------
REGISTERED = _counted(metrics.REGISTRATIONS, 'result="created"')
LOGGED_IN = _counted(metrics.LOGINS, 'result="success"')
BOOKED = _counted(metrics.BOOKINGS, 'result="booked"')
PAID = _counted(metrics.BOOKINGS, 'result="paid"')
BOOKINGS = summed_rate(metrics.BOOKINGS, by=("result",))
LOGINS = summed_rate(metrics.LOGINS, by=("result",))
RENEWALS = summed_rate(metrics.RENEWALS, by=("result",))
REGISTRATIONS = summed_rate(metrics.REGISTRATIONS, by=("result",))

# --- payments -------------------------------------------------------------------------------------
PAYMENTS = summed_rate(metrics.PAYMENTS, by=("operation", "result"))
PAYMENT_EVENTS = or_zero(summed_rate(metrics.PAYMENT_EVENTS, by=("result",)), READY, "result")
REFUNDS = or_zero(summed_increase(metrics.REFUNDS, by=("status",)), READY, "status")
PAYMENTS_UNSETTLED = largest(series(metrics.PAYMENTS_UNSETTLED))
_EXTERNAL = 'phase="external"'
_MOST_EXTERNAL = rank_of_counter(names.REQUEST_PHASE, _EXTERNAL, window=NOW)
EXTERNAL_BY_ROUTE = highest(
    LINES,
    summed_rate(names.REQUEST_PHASE, _EXTERNAL, by=(names.ROUTE,)),
    total(_MOST_EXTERNAL, names.ROUTE),
    names.ROUTE,
)

# --- the companion --------------------------------------------------------------------------------
COMPANION_ANSWERS = summed_rate(metrics.COMPANION_DURATION, suffix="_count", by=("result",))
COMPANION_P50 = quantile(0.5, metrics.COMPANION_DURATION)
COMPANION_P95 = quantile(0.95, metrics.COMPANION_DURATION)
COMPANION_EXEMPLARS = exemplars(metrics.COMPANION_DURATION)
COMPANION_CALLS = total(series(metrics.COMPANION_CALLS))
COMPANION_CALLS_WORST = largest(total(series(metrics.COMPANION_CALLS), *OF_WORKER))
COMPANION_CIRCUIT = total(series(metrics.COMPANION_CIRCUIT), "state")
FIRST_CHUNK_P50 = quantile(0.5, metrics.GEN_AI_FIRST_CHUNK)
FIRST_CHUNK_P95 = quantile(0.95, metrics.GEN_AI_FIRST_CHUNK)
FIRST_CHUNK_BUCKETS = buckets(metrics.GEN_AI_FIRST_CHUNK)
FIRST_CHUNK_EXEMPLARS = exemplars(metrics.GEN_AI_FIRST_CHUNK)
MODEL_CALLS_P95 = quantile(0.95, metrics.GEN_AI_DURATION, by=(_MODEL,))
MODEL_CALLS = or_zero(
    summed_rate(metrics.GEN_AI_DURATION, suffix="_count", by=(_MODEL, _ERROR)), READY, _MODEL
)
TOKENS = summed_rate(metrics.GEN_AI_TOKENS, suffix="_sum", by=(_MODEL, _TOKEN))
TOKENS_P95 = quantile(0.95, metrics.GEN_AI_TOKENS, by=(_TOKEN,))

# --- files ----------------------------------------------------------------------------------------
UPLOADS = summed_rate(metrics.FILE_UPLOADS, by=("result",))
UPLOAD_BUCKETS = buckets(metrics.UPLOADS)
UPLOAD_BYTES = summed_rate(metrics.UPLOADS, suffix="_sum")

# --- limits and refusals --------------------------------------------------------------------------
RATE_LIMITED = or_zero(summed_rate(metrics.RATE_LIMITED, by=("group",)), READY, "group")
UNAUTHORIZED = or_zero(summed_rate(metrics.UNAUTHORIZED, by=("reason",)), READY, "reason")
DATABASE_FAILURES = or_zero(summed_rate(metrics.DATABASE_FAILURES, by=("kind",)), READY, "kind")
FALLBACKS = or_zero(summed_increase(metrics.RATE_LIMIT_FALLBACKS), READY)

# --- the blog -------------------------------------------------------------------------------------
POST_READS = summed_rate(metrics.POST_READS, by=("result",))
POST_LISTS = summed_rate(metrics.POST_LISTS, by=("filter",))
POST_WRITES = or_zero(summed_rate(metrics.POST_WRITES, by=("action", "result")), READY, "action")
