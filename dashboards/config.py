"""Windows, sizes and colours of the boards; objectives and limits are in ``service.objectives``.

Nothing here builds a query or a panel.
"""

from dataclasses import dataclass
from typing import Final

from service import objectives
from service.objectives import Limits

PROMETHEUS_VARIABLE: Final = "${datasource}"
TEMPO_UID: Final = "tempo"
"""As provisioned in ``deploy/grafana/provisioning/datasources/serene.yaml``."""

LOKI_UID: Final = "loki"

TAG: Final = "serene"
REFRESH: Final = "30s"
TIME_FROM: Final = "now-1h"

NOW: Final = "5m"
"""Window of the first row: long enough for a rate, short enough for now."""
RECENTLY: Final = "1h"
"""Window over which the first row counts rare events, such as restarts."""
LINES: Final = 5
"""Most lines of a graph by instance or route; the others are in its table."""
ROWS: Final = 20
"""Most rows of a table of instances or routes."""

ANY: Final = Limits(1, 1)
"""One is one too many."""
ERROR_RATIO: Final = Limits(objectives.AVAILABILITY.budget, 0.01)
SLOW_RATIO: Final = Limits(
    objectives.LATENCY.budget, objectives.LATENCY.budget * objectives.PAGE[0].rate
)
BUDGET_LEFT: Final = Limits(0.5, 0.1)
"""Lower is worse: of a whole window's budget."""
BAD_COUNT: Final = Limits(1, 5)
RARE_RATE: Final = Limits(0.001, 0.1)
"""Of what should not happen at all, a second: one within a few minutes is orange."""

GOOD, WARN, BAD, NEUTRAL, INACTIVE = "green", "orange", "red", "blue", "gray"

RESULTS: Final[dict[str, str]] = {
    "rejected": "orange",
    "timeout": "orange",
    "unreachable": BAD,
    "unavailable": BAD,
    "error": BAD,
    "failed": BAD,
    "failure": BAD,
    "canceled": BAD,
    "refused": "orange",
    "declined": "orange",
    "taken": "orange",
    "limited": "yellow",
    "booked": "blue",
    "paid": GOOD,
    "ok": GOOD,
    "success": GOOD,
    "succeeded": GOOD,
    "created": GOOD,
}
"""Colour by the result of an export, a request or what it did."""

STATUS_CLASSES: Final[dict[str, str]] = {"2": GOOD, "3": NEUTRAL, "4": WARN, "5": BAD}
"""Colour by the first digit of a response's status."""

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
    # States of a connection.
    "used": "blue",
    "idle": "light-green",
    "establishing": "yellow",
    # States of a worker and of a circuit breaker.
    "ready": GOOD,
    "starting": NEUTRAL,
    "draining": WARN,
    "stopped": INACTIVE,
    "no answer": BAD,
    "closed": GOOD,
    "half_open": WARN,
    "open": BAD,
    # The value of a label when a counter has no series yet; see promql.or_zero.
    "none": INACTIVE,
    # Causes of a blocked hub.
    "blocked": "orange",
    "gil": "purple",
    "frozen": "light-blue",
    **RESULTS,
}
"""Colour by a label's value; it has the same one on every board."""

NAMES: Final[dict[str, str]] = {
    # Quantiles, of requests and over workers; orange and red are for limits.
    "p50": "green",
    "p95": "blue",
    "p99": "purple",
    "median": "light-blue",
    "highest": "purple",
    "worst instance": "purple",
    "oldest": "purple",
    "maximum": BAD,
    # Failures and losses.
    "timed out": BAD,
    "uncaught": BAD,
    "not sent": BAD,
    "no room": "yellow",
    "out of order": BAD,
    "too old": WARN,
    "out of bound": "purple",
    "missed": WARN,
    "failed writes": BAD,
}
"""Colour of a query's own name, likewise."""

COLOURED_BY: Final = frozenset(
    {
        "{{phase}}",
        "{{dominant_phase}}",
        "{{reason}}",
        "{{result}}",
        "{{where}}",
        "{{kind}}",
        "{{state}}",
        "{{status}}",
    }
)
"""Legends whose values are among the names that have a colour."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a worker or a backend, in a state timeline."""

    number: int
    text: str
    colour: str


STATES: Final = (
    State(0, "does not answer", BAD),
    State(1, "stopped", INACTIVE),
    State(2, "draining", WARN),
    State(3, "starting", NEUTRAL),
    State(4, "ready", GOOD),
)
"""The worst is first; from 1 on in the order of ``queries.workers.STATES_IN_ORDER``."""

ANSWERS: Final = (State(0, "does not answer", BAD), State(1, "answers", GOOD))
"""Whether a backend answers its scrape."""
