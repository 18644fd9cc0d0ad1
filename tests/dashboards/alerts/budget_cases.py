"""Cases of the alerts on budgets: rules 60 times as fast, samples a second apart."""

from typing import Final

from dashboards.alerts import held
from tests.dashboards.alerts.timeline import Case, phases, ramp, running, series

SCALE: Final = 60
COUNT: Final = "http_server_request_duration_seconds_count"
BUCKET: Final = "http_server_request_duration_seconds_bucket"
GET: Final = 'http_request_method="GET", http_route="/api/v1/blog/posts"'
LOGIN: Final = 'http_request_method="POST", http_route="/api/v1/auth/login"'
OK: Final = 'http_response_status_code="200"'
FAILED: Final = 'http_response_status_code="500"'


def timed(route: str, bound: str, count: str, fast: str) -> dict[str, str]:
    return {
        series(COUNT, f"{route}, {OK}"): count,
        series(BUCKET, f'{route}, {OK}, le="{bound}"'): fast,
    }


def counted(*parts: tuple[int, float]) -> str:
    return ramp(*parts, step=1)


def evidence(*parts: tuple[int, float]) -> str:
    """Of a check that follows the time, or stands still."""
    return counted(*parts)


CASES: Final = (
    Case(
        "AvailabilityBurnFast",
        "page",
        running(400, step=1)
        | {
            series(COUNT, f"{GET}, {OK}"): counted((400, 10)),
            series(COUNT, f"{GET}, {FAILED}"): counted((120, 0), (120, 1), (160, 0)),
        },
        quiet=110,
        fires=160,
        resolved=300,
        scale=SCALE,
    ),
    # The first 500 of a quiet night: its series begins with it.
    Case(
        "AvailabilityBurnSlow",
        "ticket",
        running(700, step=1)
        | {
            series(COUNT, f"{GET}, {OK}"): counted((700, 0.1)),
            series(COUNT, f"{GET}, {FAILED}"): phases((120, None), (580, 1), step=1),
        },
        quiet=110,
        fires=123,
        resolved=520,
        scale=SCALE,
        without=("AvailabilityBurnFast",),
    ),
    Case(
        "LatencyBurnFast",
        "page",
        running(400, step=1)
        | timed(GET, "0.3", counted((400, 10)), counted((120, 10), (120, 5), (160, 10))),
        quiet=110,
        fires=170,
        resolved=320,
        labels={"route_class": "interactive"},
        scale=SCALE,
    ),
    # Slow for others, fast enough for a log-in: its own bound is a second.
    Case(
        "LatencyBurnFast",
        "page",
        running(400, step=1)
        | timed(LOGIN, "1", counted((400, 10)), counted((120, 10), (120, 5), (160, 10)))
        | {series(BUCKET, f'{LOGIN}, {OK}, le="0.3"'): counted((400, 0))},
        quiet=110,
        fires=170,
        resolved=320,
        labels={"route_class": "password"},
        scale=SCALE,
        without=('LatencyBurnFast", route_class="interactive',),
    ),
    Case(
        "LatencyBurnSlow",
        "ticket",
        running(760, step=1)
        | timed(GET, "0.3", counted((760, 10)), counted((200, 10), (200, 9.5), (360, 10))),
        quiet=190,
        fires=320,
        resolved=750,
        labels={"route_class": "interactive"},
        scale=SCALE,
        without=("LatencyBurnFast",),
    ),
    Case(
        "FreshnessBurnFast",
        "page",
        running(500, workers=2, step=1)
        | {
            series("mongodb_evidence_timestamp_seconds", "", 0): evidence((500, 1)),
            # Stands still, and then is of the present again.
            series("mongodb_evidence_timestamp_seconds", "", 1): (
                f"{evidence((120, 1))} 120x99 220+1x279"
            ),
        },
        quiet=110,
        fires=190,
        resolved=400,
        scale=SCALE,
    ),
    Case(
        "FreshnessBurnSlow",
        "ticket",
        running(650, workers=20, step=1)
        | {
            series("mongodb_evidence_timestamp_seconds", "", slot): evidence((650, 1))
            for slot in range(19)
        }
        | {
            series("mongodb_evidence_timestamp_seconds", "", 19): (
                f"{evidence((100, 1))} 100x199 300+1x349"
            ),
        },
        quiet=90,
        fires=220,
        resolved=640,
        scale=SCALE,
        without=("FreshnessBurnFast",),
    ),
    # The cause is over, and the windows of its budget still burn.
    Case(
        held.NAME,
        held.SEVERITY,
        running(400, step=1)
        | timed(GET, "0.3", *2 * (counted((120, 10), (30, 0), (250, 10)),))
        | {
            series("mongodb_up"): phases((120, 1), (30, 0), (250, 1), step=1),
            series(COUNT, f"{GET}, {FAILED}"): counted((120, 0), (30, 10), (250, 0)),
        },
        quiet=119,
        fires=170,
        resolved=220,
        scale=SCALE,
        without=("DatabaseUnavailable",),
    ),
)
