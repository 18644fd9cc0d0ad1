"""Objectives, limits, windows and colours: the only numbers and colours of the boards.

An objective is changed here and nowhere else. Nothing here builds a query or a panel.
"""

from dataclasses import dataclass
from typing import Final

PROMETHEUS_VARIABLE: Final = "${datasource}"
TEMPO_UID: Final = "tempo"
"""As provisioned in ``deploy/grafana/provisioning/datasources/serene.yaml``."""

HEALTH_ROUTES: Final = ("/api/v1/health", "/api/v1/health/liveness", "/api/v1/health/readiness")
"""Route labels of probes, which count for no objective of the users' requests."""

TAG: Final = "serene"
REFRESH: Final = "10s"
TIME_FROM: Final = "now-30m"


@dataclass(frozen=True, slots=True)
class Objectives:
    """The service-level objectives; a panel of the first row turns red when one is missed.

    Args:
        latency_target_seconds: A request that takes at most this long is fast enough; must be one
            of the latency histogram's bounds.
        fast_share: Share of requests that have to be fast enough.
        served_share: Share of requests that must not fail with a 5xx.
        now_window: Window of the first row; PromQL duration.
        budget_windows: Short and long window of the error budget's burn rate. Both high: an
            incident. Only the short one: a blip. Only the long one: the incident is over.
        burn_warn: Burn rate, as a multiple of the even rate, that needs investigation.
        burn_bad: Burn rate that pages an operator.

    Source: Google, *The Site Reliability Workbook*, chapter 5.
    """

    latency_target_seconds: float = 0.5
    fast_share: float = 0.95
    served_share: float = 0.999
    now_window: str = "5m"
    budget_windows: tuple[str, str] = ("5m", "1h")
    burn_warn: float = 6.0
    burn_bad: float = 14.4


OBJECTIVES: Final = Objectives()

RESTART_WINDOW: Final = "1h"
"""Window over which the first row counts restarts and uncaught exceptions."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From which value on a panel is orange and red, in the value's unit."""

    warn: float
    bad: float


ERROR_SHARE: Final = Limits(round(1 - OBJECTIVES.served_share, 6), 0.01)
LATENCY_P95_SECONDS: Final = Limits(0.25, OBJECTIVES.latency_target_seconds)
DB_LATENCY_P95_SECONDS: Final = Limits(0.1, 0.25)
PING_SECONDS: Final = Limits(0.05, 0.25)
EVIDENCE_AGE_SECONDS: Final = Limits(10, 15)
"""MongoDB is polled every 5 s; its state is stale after three intervals."""
POOL_USE_SHARE: Final = Limits(0.7, 0.9)
POOL_PENDING: Final = Limits(1, 10)
HUB_LAG_P99_SECONDS: Final = Limits(0.025, 0.1)
HUB_BLOCKED_SHARE: Final = Limits(0.01, 0.05)
CPU_SHARE: Final = Limits(0.7, 0.9)
MEMORY_SHARE: Final = Limits(0.85, 0.95)
FILES_SHARE: Final = Limits(0.7, 0.9)
EXTERNAL_FAILED_SHARE: Final = Limits(0.01, 0.05)
COMPANION_P95_SECONDS: Final = Limits(10, 30)
BAD_COUNT: Final = Limits(1, 5)

GOOD, WARN, BAD, NEUTRAL, INACTIVE = "green", "orange", "red", "blue", "gray"

COLOURS: Final[dict[str, str]] = {
    # Phases of a request.
    "queue": "light-red",
    "cpu": "yellow",
    "hub_wait": "red",
    "db": "blue",
    "db_pool_wait": "dark-purple",
    "db_connect": "light-purple",
    "external": "semi-dark-orange",
    "threadpool": "light-yellow",
    "lock": "purple",
    "sleep": "light-green",
    "client_read": "light-blue",
    "client_write": "dark-blue",
    "gc": "orange",
    "other": "gray",
    # Quantiles.
    "p50": "light-blue",
    "p95": "orange",
    "p99": "red",
    # States of a connection.
    "used": "blue",
    "idle": "light-green",
    "establishing": "yellow",
    "maximum": "red",
    # The value of a label when a counter has no series yet; see promql.or_zero.
    "none": INACTIVE,
    # Causes of a blocked hub.
    "blocked": "orange",
    "gil": "purple",
    "frozen": "light-blue",
    # Results of an export or a request.
    "rejected": "orange",
    "timeout": "orange",
    "unreachable": BAD,
    "unavailable": BAD,
    "error": BAD,
    "failed": BAD,
    "ok": GOOD,
    "success": GOOD,
}
"""Colour by legend; the same legend has the same colour on every board."""

COLOURED_BY: Final = frozenset(
    {"{{phase}}", "{{dominant_phase}}", "{{reason}}", "{{result}}", "{{where}}", "{{kind}}"}
)
"""Legends whose values are among the names that have a colour."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a worker in a state timeline."""

    number: int
    text: str
    colour: str


STATES: Final = (
    State(0, "does not answer", BAD),
    State(1, "starting", NEUTRAL),
    State(2, "ready", GOOD),
    State(3, "draining", WARN),
    State(4, "stopped", INACTIVE),
)
"""0 is no answer; the others are in the order of ``queries.runtime.STATES_IN_ORDER``."""
