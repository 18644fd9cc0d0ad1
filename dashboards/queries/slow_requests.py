"""Queries of the Slow requests board: phases, culprits, traces and database commands.

Requests of the health routes are excluded, as on the Service board. What only a single request
shows (its trace, its lines, the shape of its command) is read from Tempo and Loki.
"""

from typing import Final

from dashboards import logql, traceql
from dashboards.config import LINES, NOW, RECENTLY, ROWS
from dashboards.promql import (
    RANGE,
    buckets,
    highest,
    increase,
    or_zero,
    quantile,
    rank_of_counter,
    rate,
    ratio,
    total,
    without_nan,
)
from dashboards.queries.service import NO_PROBES, ON_ROUTES
from dashboards.queries.workers import READY
from telemetry import names

PHASE, DOMINANT, CODE, KIND = "phase", "dominant_phase", "code", "kind"
OPERATION, COLLECTION = "db_operation_name", "db_collection_name"

PHASES_BY_CAUSE: Final = {
    "hub": "queue|hub_wait",
    "own code": "cpu|gc|threadpool",
    "database": "db|db_pool_wait|db_connect",
    "other services": "external",
    "clients": "client_read|client_write",
    "locks and sleep": "lock|sleep|other",
}
"""Groups of phases with one cause each; together they are all phases."""

_DURATION = names.REQUEST_DURATION
_ROUTES = (NO_PROBES, ON_ROUTES)


def _requests(window: str = "$__rate_interval") -> str:
    return rate(_DURATION, *_ROUTES, suffix="_count", window=window)


def _slow(window: str = "$__rate_interval") -> str:
    return rate(names.SLOW_REQUESTS, *_ROUTES, window=window)


def _phase(*phases: str, window: str = "$__rate_interval") -> str:
    matchers = (f'phase=~"{"|".join(phases)}"',) if phases else ()
    return rate(names.REQUEST_PHASE, *_ROUTES, *matchers, window=window)


# --- is it bad ------------------------------------------------------------------------------------
SLOW_SHARE_NOW = ratio(or_zero(total(_slow(NOW)), READY), total(_requests(NOW)))
SLOW_RECENTLY = or_zero(total(increase(names.SLOW_REQUESTS, *_ROUTES, window=RECENTLY)), READY)
P99_NOW = without_nan(quantile(0.99, _DURATION, *_ROUTES, window=NOW))
HUB_SHARE_NOW = ratio(total(_phase("hub_wait", "queue", window=NOW)), total(_phase(window=NOW)))
DATABASE_SHARE_NOW = ratio(
    total(_phase("db", "db_pool_wait", "db_connect", window=NOW)), total(_phase(window=NOW))
)
SLOW_COMMANDS_RECENTLY = or_zero(total(increase(names.DB_SLOW_OPERATIONS, window=RECENTLY)), READY)

# --- where the time goes --------------------------------------------------------------------------
PHASE_MEAN = f"{total(_phase(), PHASE)} / on() group_left() ({total(_requests())} > 0)"
PHASE_SECONDS_BY_ROUTE = highest(
    LINES,
    total(_phase(), names.ROUTE),
    rank_of_counter(names.REQUEST_PHASE, *_ROUTES),
    names.ROUTE,
)
SLOW_BY_PHASE = or_zero(total(_slow(), DOMINANT), READY, DOMINANT)
SLOW_BY_ROUTE = or_zero(
    highest(
        LINES,
        total(_slow(), names.ROUTE),
        rank_of_counter(names.SLOW_REQUESTS, *_ROUTES),
        names.ROUTE,
    ),
    READY,
    names.ROUTE,
)
LATENCY_BUCKETS = buckets(_DURATION, *_ROUTES)

ROUTE_SLOW = (
    f"topk({ROWS},"
    f" {total(increase(names.SLOW_REQUESTS, *_ROUTES, window=RANGE), names.ROUTE, DOMINANT)} > 0)"
)


def seconds_of_a_request(cause: str) -> str:
    """Return the mean seconds of a request by route that one group of phases takes."""
    phases = PHASES_BY_CAUSE[cause].split("|")
    seconds = total(_phase(*phases, window=RANGE), names.ROUTE)
    return ratio(seconds, total(_requests(RANGE), names.ROUTE))


ROUTE_MEAN = ratio(total(_phase(window=RANGE), names.ROUTE), total(_requests(RANGE), names.ROUTE))

# --- who holds the hub ----------------------------------------------------------------------------
_HELD = names.HUB_BLOCKED
HELD_BY_KIND = or_zero(total(rate(_HELD), KIND), READY, KIND)
HELD_BY_CODE = or_zero(
    highest(LINES, total(rate(_HELD), CODE), rank_of_counter(_HELD), CODE), READY, CODE
)
CULPRIT_SECONDS = f"topk({ROWS}, {total(increase(_HELD, window=RANGE), CODE, KIND)} > 0)"
CULPRIT_SHARE = (
    f"({total(increase(_HELD, window=RANGE), CODE, KIND)} > 0)"
    f" / on() group_left() {total(increase(_HELD, window=RANGE))}"
)
VICTIMS = highest(
    LINES,
    total(_phase("hub_wait", "queue"), names.ROUTE),
    rank_of_counter(names.REQUEST_PHASE, *_ROUTES, 'phase=~"hub_wait|queue"'),
    names.ROUTE,
)

# --- traces and lines -----------------------------------------------------------------------------
SLOW_TRACES = (
    traceql.spans("kind=server", 'span.request.dominant_phase!=""', traceql.ROUTE)
    + " | select(span.http.route, span.request.dominant_phase, resource.service.instance.id)"
)
HELD_TRACES = (
    traceql.spans("kind=server", 'event:name="hub.held"', traceql.ROUTE)
    + " | select(span.http.route, event.hub.code, event.hub.kind)"
)
COMMAND_TRACES = (
    traceql.spans("kind=server", 'event:name="db.slow_command"', traceql.ROUTE)
    + " | select(span.http.route, event.db.query.text, event.db.wire_seconds)"
)
SLOW_LINES = logql.lines('|= "slow request: "', level="WARNING")
HELD_LINES = logql.lines('|= "hub held for "', level="WARNING")

# --- database commands ----------------------------------------------------------------------------
SLOW_COMMANDS = or_zero(
    highest(
        LINES,
        total(rate(names.DB_SLOW_OPERATIONS), OPERATION, COLLECTION),
        rank_of_counter(names.DB_SLOW_OPERATIONS),
        OPERATION,
        COLLECTION,
    ),
    READY,
    OPERATION,
)
COMMAND_LINES = logql.lines('|~ "slow command: |plan of "', level="INFO|WARNING")
_SHAPES = logql.lines(
    '|= "slow command: "',
    r'| json shape="[\"db.query.text\"]", seconds="[\"db.wire_seconds\"]", plan="[\"db.plan\"]"',
    level="WARNING",
)
SHAPE_COUNT = f"topk({ROWS}, sum by (shape) (count_over_time({_SHAPES} [{RANGE}])))"
SHAPE_SECONDS = f"sum by (shape) (sum_over_time({_SHAPES} | unwrap seconds [{RANGE}]))"
SHAPE_LONGEST = f"max by (shape) (max_over_time({_SHAPES} | unwrap seconds [{RANGE}]))"
