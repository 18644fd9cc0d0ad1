"""Alerts on what members do and what that depends on: payments, companion, limits, keys."""

from typing import Final

from dashboards.alerts.rule import DURATION, OF, PERCENT, Alert
from dashboards.rule_promql import OF_SERVICE, failed_ratio, increase, largest, selector, total
from dashboards.time_scale import TimeScale
from service import metrics, objectives
from telemetry.names import Metric

_FEWEST: Final = 3
"""Failures in a window, below which a share is bad luck."""
BOARD: Final = "serene-members"


def alerts(time: TimeScale) -> tuple[Alert, ...]:
    """Return the alerts of this subject."""
    return (*_payments(time), _companion(time), _limits(time), _keys(time))


def _payments(time: TimeScale) -> tuple[Alert, ...]:
    failed = _share(metrics.PAYMENTS, 'result=~"unavailable|error"', "", time("5m"))
    refunds = selector(metrics.REFUNDS, 'status=~"failed|canceled"')
    return (
        Alert(
            "RefundFailed",
            f"{total(increase(refunds, time('1h')), *OF_SERVICE, 'status')} > 0",
            "0s",
            "ticket",
            f"A refund of {OF} is {{{{ $labels.status }}}}",
            "The member paid and did not get the money back. The log line at level ERROR names "
            "the session; refund it by another way in the provider's dashboard.",
            BOARD,
        ),
        Alert(
            "PaymentsUnsettled",
            f"{largest(metrics.PAYMENTS_UNSETTLED.name, *OF_SERVICE)}"
            f" > {time.seconds(objectives.PAYMENT_UNSETTLED_SECONDS.bad):g}",
            "0s",
            "ticket",
            f"A payment or refund of {OF} is unsettled for {DURATION}",
            "Whether money moved is not known, or not recorded. The recovery pass repeats it; the "
            "log's lines 'task' name the booking and the reason.",
            BOARD,
        ),
        Alert(
            "PaymentsFailing",
            f"{failed} > {objectives.PAYMENT_FAILED_RATIO.bad:g}",
            time("1m"),
            "ticket",
            f"{PERCENT} of the calls of {OF} to the payment provider fail",
            "The provider is away or slow (unavailable), or refuses our requests (error). Slots "
            "stay reserved and nothing is charged twice.",
            BOARD,
        ),
    )


def _companion(time: TimeScale) -> Alert:
    failed = _share(
        metrics.COMPANION_DURATION,
        'result=~"timeout|error|rejected|circuit_open"',
        "_count",
        time("5m"),
    )
    return Alert(
        "CompanionFailing",
        f"{failed} > {objectives.COMPANION_FAILED_RATIO.bad:g}",
        time("1m"),
        "ticket",
        f"{PERCENT} of the companion's replies of {OF} fail",
        "The language model is away, slow or refuses; messages about a crisis still get help "
        "lines. The board shows the results and the circuit's state.",
        BOARD,
    )


def _share(metric: Metric, failed: str, suffix: str, window: str) -> str:
    part, whole = (
        total(increase(selector(metric, *matchers, suffix=suffix), window), *OF_SERVICE)
        for matchers in ((failed,), ())
    )
    return failed_ratio(part, whole, at_least=_FEWEST)


def _limits(time: TimeScale) -> Alert:
    return Alert(
        "RateLimitFallback",
        f"{total(increase(metrics.RATE_LIMIT_FALLBACKS.name, time('5m')), *OF_SERVICE)} > 0",
        time("30s"),
        "ticket",
        f"Redis does not count the requests of {OF}",
        "Each worker counts for itself, so a client gets as many times its limit as there are "
        "workers. Requests are not affected otherwise.",
        BOARD,
    )


def _keys(time: TimeScale) -> Alert:
    made = largest(metrics.TOKEN_KEY.name, *OF_SERVICE)
    return Alert(
        "KeyTooOld",
        f"time() - {made} > {time.seconds(objectives.KEY_AGE_SECONDS.bad):g}",
        "0s",
        "ticket",
        f"The key that signs the access tokens of {OF} is {DURATION} old",
        "Put a new key first in SERENE_TOKEN_KEYS, named by its date, and remove the old one "
        "after the validity of its last token.",
        BOARD,
    )
