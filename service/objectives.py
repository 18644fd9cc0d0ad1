"""The objectives of this service, and from which value on a cause is a problem: each number once.

The recording rules, the alerts, the boards' thresholds and the health report's target and staleness
take their numbers from here. Pure values in SI base units: nothing here builds a query, reads a
setting or has an effect.

Source: Google, *The Site Reliability Workbook*, chapters 2 and 5.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Objective:
    """One service-level objective.

    Args:
        name: Of its recording rules and alerts.
        ratio: Share of what is counted that has to be good.
        window_days: Over which the share counts.
    """

    name: str
    ratio: float
    window_days: int = 30

    @property
    def budget(self) -> float:
        """Share that may be bad."""
        return round(1 - self.ratio, 9)


@dataclass(frozen=True, slots=True)
class RouteClass:
    """Routes with one bound on their latency.

    Args:
        name: Value of the label ``route_class``.
        seconds: A request within it is fast enough; one of the latency histogram's bounds.
        routes: Method and route template of each; empty for the class of all others.
        reason: Why its bound is another one.
    """

    name: str
    seconds: float
    routes: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Burn:
    """One condition of an alert on an error budget: both windows burn it this fast.

    Args:
        rate: Multiple of the rate that spends the budget evenly over the objective's window.
        long: Prometheus duration; shows that it matters.
        short: Shows that it still goes on.
    """

    rate: float
    long: str
    short: str


@dataclass(frozen=True, slots=True)
class Limits:
    """From which value on a panel is orange and red, in the value's unit; alerts are at ``bad``."""

    warn: float
    bad: float


# --- objectives -----------------------------------------------------------------------------------
AVAILABILITY: Final = Objective("availability", 0.999)
"""Requests without a 5xx and not cut by the service; probes do not count."""
LATENCY: Final = Objective("latency", 0.99)
"""Requests within the bound of their route's class, of those without a 5xx."""
FRESHNESS: Final = Objective("freshness", 0.99)
"""Time in which a worker's metrics arrive, and its evidence of MongoDB is not stale."""
OBJECTIVES: Final = (AVAILABILITY, LATENCY, FRESHNESS)

LATENCY_SECONDS: Final = 0.3
ROUTE_CLASSES: Final = (
    RouteClass("interactive", LATENCY_SECONDS),
    RouteClass(
        "password",
        1.0,
        (
            ("POST", "/api/v1/auth/login"),
            ("POST", "/api/v1/auth/password"),
            ("POST", "/api/v1/auth/register"),
        ),
        "argon2id is slow by design, and a password may wait a second for its turn",
    ),
    RouteClass(
        "payment",
        2.5,
        (
            ("POST", "/api/v1/sessions"),
            ("POST", "/api/v1/sessions/<uuid:session_id>/cancellation"),
            ("POST", "/api/v1/sessions/<uuid:session_id>/payment"),
        ),
        "the payment provider is called within the request",
    ),
    RouteClass(
        "transfer",
        10.0,
        (
            ("GET", "/api/v1/files/<file_id>/content"),
            ("POST", "/api/v1/files"),
        ),
        "megabytes pass through the client's connection",
    ),
    RouteClass(
        "companion",
        30.0,
        (("POST", "/api/v1/companion/messages"),),
        "the reply of a language model is streamed as it is made",
    ),
)
"""The first one is the class of all routes that no other one names."""

HEALTH_ROUTES: Final = ("/api/v1/health", "/api/v1/health/liveness", "/api/v1/health/readiness")
"""Route labels of probes, which count for no objective."""

BUDGET_DAYS: Final = AVAILABILITY.window_days
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""Windows for which error ratios are recorded."""
PAGE: Final = (Burn(14.4, long="1h", short="5m"), Burn(6.0, long="6h", short="30m"))
"""2 % of 30 days' budget within an hour, 5 % within six hours."""
TICKET: Final = (Burn(3.0, long="1d", short="2h"), Burn(1.0, long="3d", short="6h"))
"""10 % of 30 days' budget within a day; all of it, at this rate."""
PAGE_EVENTS: Final = 10
"""Fewer bad requests than this within the long window are a ticket, whatever their share is."""
BURN_RATE: Final = Limits(TICKET[0].rate, PAGE[0].rate)

# --- the health report ----------------------------------------------------------------------------
HEALTH_INTERVAL_SECONDS: Final = 5.0
"""Between two checks of MongoDB."""
STALE_INTERVALS: Final = 3
"""Evidence that is older proves nothing."""
FRESHNESS_SECONDS: Final = HEALTH_INTERVAL_SECONDS * STALE_INTERVALS

# --- causes: the database -------------------------------------------------------------------------
EVIDENCE_AGE_SECONDS: Final = Limits(2 * HEALTH_INTERVAL_SECONDS, FRESHNESS_SECONDS)
PING_SECONDS: Final = Limits(0.05, 0.25)
DB_LATENCY_P95_SECONDS: Final = Limits(0.1, 0.25)
POOL_USE_RATIO: Final = Limits(0.7, 0.9)
POOL_WAITERS: Final = Limits(1, 5)

# --- causes: the worker ---------------------------------------------------------------------------
HUB_LAG_P99_SECONDS: Final = Limits(0.025, 0.1)
HUB_BLOCKED_RATIO: Final = Limits(0.01, 0.05)
HUB_BLOCKED_PAGE_RATIO: Final = 0.25
"""Of the time; from it on a worker hardly serves."""
HUB_WAIT_RATIO: Final = Limits(0.15, 0.3)
"""Share of the requests' time in which they were runnable and another greenlet ran."""
CPU_RATIO: Final = Limits(0.7, 0.9)
MEMORY_RATIO: Final = Limits(0.85, 0.95)
"""Of the machine's memory."""
MEMORY_GROWTH_RATIO: Final = Limits(0.15, 0.3)
"""By which a worker's memory grows within ``MEMORY_WINDOW``, without falling in between."""
MEMORY_GROWTH_BYTES: Final = 32 * 2**20
"""Growth below it is no leak, whatever its share is."""
MEMORY_WINDOW: Final = "1h"
OPEN_FILES_RATIO: Final = Limits(0.7, 0.9)
RESTARTS: Final = Limits(2, 3)
"""Starts of a worker's slot within ``RESTART_WINDOW``; a roll-out is one."""
RESTART_WINDOW: Final = "15m"
DRAIN_SECONDS: Final = 35.0
"""A drain takes at most its delay and ``DRAIN_TIMEOUT_SECONDS``."""
CLOCK_SKEW_SECONDS: Final = Limits(1.0, 5.0)
"""``ACCESS_TOKEN_LEEWAY_SECONDS``: tokens of a worker further off are refused elsewhere."""

# --- causes: telemetry ----------------------------------------------------------------------------
SCRAPE_AGE_SECONDS: Final = Limits(15, 60)
"""Age of the newest sample of a worker, which the boards show as if it were now."""
TELEMETRY_LOST_RATIO: Final = Limits(0.001, 0.01)
"""Share of kept spans, of points or of lines that did not arrive."""

# --- causes: other services -----------------------------------------------------------------------
KEY_AGE_SECONDS: Final = Limits(75 * 86400, 90 * 86400)
PAYMENT_FAILED_RATIO: Final = Limits(0.01, 0.05)
EXTERNAL_FAILED_RATIO: Final = PAYMENT_FAILED_RATIO
PAYMENT_UNSETTLED_SECONDS: Final = Limits(900, 3600)
"""Age of the oldest payment whose result is not known, or is not in its booking."""
COMPANION_FAILED_RATIO: Final = Limits(0.05, 0.2)
COMPANION_P95_SECONDS: Final = Limits(10, 30)
SLOW_CLIENTS_RATE: Final = Limits(0.1, 1.0)
"""Clients cut for being too slow, a second."""
REFUSED_RATE: Final = Limits(0.1, 1.0)
"""Connections and requests refused for a bound of the server, a second."""
