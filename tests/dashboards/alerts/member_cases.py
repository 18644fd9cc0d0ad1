"""Cases of the alerts on what members do; samples are five seconds apart."""

from typing import Final

from tests.dashboards.alerts.timeline import Case, phases, ramp, running, series

CASES: Final = (
    Case(
        "RefundFailed",
        "ticket",
        running(7200)
        | {series("serene_refunds_total", 'status="failed"'): phases((300, None), (6900, 1))},
        quiet=290,
        fires=600,
        resolved=7000,
        labels={"status": "failed"},
    ),
    Case(
        "PaymentsUnsettled",
        "ticket",
        running(300)
        | {series("serene_payments_unsettled_seconds"): phases((100, 60), (100, 4000), (100, 0))},
        quiet=90,
        fires=150,
        resolved=250,
    ),
    Case(
        "PaymentsFailing",
        "ticket",
        running(900)
        | {
            series("serene_payments_total", 'operation="pay", result="succeeded"'): ramp(
                (900, 0.1)
            ),
            series("serene_payments_total", 'operation="pay", result="unavailable"'): ramp(
                (120, 0), (180, 0.1), (600, 0)
            ),
        },
        quiet=115,
        fires=280,
        resolved=700,
    ),
    Case(
        "CompanionFailing",
        "ticket",
        running(900)
        | {
            series("serene_companion_seconds_count", 'result="answered"'): ramp((900, 0.1)),
            series("serene_companion_seconds_count", 'result="timeout"'): ramp(
                (120, 0), (180, 0.2), (600, 0)
            ),
        },
        quiet=115,
        fires=280,
        resolved=700,
    ),
    Case(
        "RateLimitFallback",
        "ticket",
        running(900)
        | {series("serene_rate_limit_fallbacks_total"): ramp((120, 0), (60, 1), (720, 0))},
        quiet=115,
        fires=180,
        resolved=600,
    ),
    Case(
        "KeyTooOld",
        "ticket",
        running(300)
        | {
            series("serene_token_key_timestamp_seconds"): phases(
                (100, -80 * 86400), (100, -91 * 86400), (100, 0)
            )
        },
        quiet=90,
        fires=150,
        resolved=250,
    ),
)
