"""What counts as bad, over which windows, and in which colour: the only numbers and colours of the
boards.

Changing an objective is changing it here; nothing here makes a query or a panel.
"""

from dataclasses import dataclass
from typing import Final

PROMETHEUS_VARIABLE: Final = "${datasource}"
TEMPO_UID: Final = "tempo"
"""As provisioned in ``deploy/grafana/provisioning/datasources/serene.yaml``."""

TAG: Final = "serene"
REFRESH: Final = "10s"
TIME_FROM: Final = "now-30m"


@dataclass(frozen=True, slots=True)
class Objectives:
    """The service-level objectives; their first-row panels turn red where these are missed.

    Args:
        latency_target_seconds: A request is fast enough up to this; must be one of the latency
            histogram's bounds.
        fast_share: Share of requests that have to be fast enough.
        served_share: Share of requests that must not fail with a 5xx.
        now_window: Window of "how is it now"; PromQL duration.
        budget_windows: Short and long window of the error budget's burn rate. Both burning is an
            incident, the short one alone a blip, the long one alone is over (Google, *The Site
            Reliability Workbook*, chapter 5).
        burn_warn: Times the even pace that deserves a look.
        burn_bad: Times the even pace that wakes somebody up.
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
"""Window in which restarts and uncaught exceptions count for the first row."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where a value is worth a look, and from where it is bad, in the value's unit."""

    warn: float
    bad: float


ERROR_SHARE: Final = Limits(round(1 - OBJECTIVES.served_share, 6), 0.01)
LATENCY_P95_SECONDS: Final = Limits(0.25, OBJECTIVES.latency_target_seconds)
DB_LATENCY_P95_SECONDS: Final = Limits(0.1, 0.25)
PING_SECONDS: Final = Limits(0.05, 0.25)
EVIDENCE_AGE_SECONDS: Final = Limits(10, 15)
"""Evidence is looked for every 5 s, and stale after three looks."""
POOL_USE_SHARE: Final = Limits(0.7, 0.9)
POOL_PENDING: Final = Limits(1, 10)
POOL_WAIT_P95_SECONDS: Final = Limits(0.01, 0.1)
HUB_LAG_P99_SECONDS: Final = Limits(0.025, 0.1)
HUB_BLOCKED_SHARE: Final = Limits(0.01, 0.05)
CPU_SHARE: Final = Limits(0.7, 0.9)
MEMORY_SHARE: Final = Limits(0.85, 0.95)
FILES_SHARE: Final = Limits(0.7, 0.9)
EXTERNAL_FAILED_SHARE: Final = Limits(0.01, 0.05)
COMPANION_P95_SECONDS: Final = Limits(10, 30)
COUNT_OF_BAD: Final = Limits(1, 5)

GOOD, WARN, BAD, CALM, QUIET = "green", "orange", "red", "blue", "gray"
P50_COLOUR, P95_COLOUR, P99_COLOUR = "light-blue", "orange", "red"

COLOURS: Final[dict[str, str]] = {
    # Phases of a request; the database's two are of one family.
    "cpu": "yellow",
    "db": "blue",
    "db_pool_wait": "dark-purple",
    "external": "semi-dark-orange",
    "threadpool": "light-yellow",
    "other": "gray",
    # Quantiles.
    "p50": P50_COLOUR,
    "p95": P95_COLOUR,
    "p99": P99_COLOUR,
    # States of a connection.
    "used": "blue",
    "idle": "light-green",
    "establishing": "yellow",
    "maximum": "red",
    # Nothing to name.
    "none": QUIET,
    # What held the hub.
    "blocked": "orange",
    "gil": "purple",
    "frozen": "light-blue",
    # Outcomes of an export or a request.
    "rejected": "orange",
    "timeout": "orange",
    "unreachable": BAD,
    "unavailable": BAD,
    "error": BAD,
    "failed": BAD,
    "ok": GOOD,
    "success": GOOD,
}
"""Colour by the name of a series; the same name has the same colour on every board."""

COLOURED_BY: Final = frozenset(
    {"{{phase}}", "{{dominant_phase}}", "{{reason}}", "{{result}}", "{{where}}", "{{blame}}"}
)
"""Legends whose values are among the names that have a colour."""

STATES: Final[tuple[tuple[int, str, str], ...]] = (
    (0, "does not answer", BAD),
    (1, "starting", CALM),
    (2, "ready", GOOD),
    (3, "draining", WARN),
    (4, "stopped", QUIET),
)
"""Number of a state in the state timelines, its text, its colour."""
