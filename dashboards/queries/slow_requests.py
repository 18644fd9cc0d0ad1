"""Queries of the Slow requests board: phases, culprits, traces and database commands.

Requests of the health routes are excluded, as on the Service board. What only a single request
shows (its trace, its lines, the shape of its command) is read from Tempo and Loki.
"""

from typing import Final

from dashboards import logql, traceql
from dashboards.config import LINES, NOW, RECENTLY, ROWS
from dashboards.promql import (
    RANGE,
    WINDOW,
    buckets,
    exemplars,
    highest,
    or_zero,
    quantile,
    rank_of_counter,
    ratio,
    summed_increase,
    summed_rate,
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


def _requests(*by: str, window: str = WINDOW) -> str:
    return summed_rate(_DURATION, *_ROUTES, by=by, suffix="_count", window=window)


def _slow(*by: str, window: str = WINDOW) -> str:
    return summed_rate(names.SLOW_REQUESTS, *_ROUTES, by=by, window=window)


def _phase(*phases: str, by: tuple[str, ...] = (), window: str = WINDOW) -> str:
    matchers = (f'phase=~"{"|".join(phases)}"',) if phases else ()
    return summed_rate(names.REQUEST_PHASE, *_ROUTES, *matchers, by=by, window=window)


# --- is it bad ------------------------------------------------------------------------------------
SLOW_SHARE_NOW = ratio(or_zero(_slow(window=NOW), READY), _requests(window=NOW))
SLOW_RECENTLY = or_zero(summed_increase(names.SLOW_REQUESTS, *_ROUTES, window=RECENTLY), READY)
P99_NOW = without_nan(quantile(0.99, _DURATION, *_ROUTES, window=NOW))
HUB_SHARE_NOW = ratio(_phase("hub_wait", "queue", window=NOW), _phase(window=NOW))
DATABASE_SHARE_NOW = ratio(
    _phase("db", "db_pool_wait", "db_connect", window=NOW), _phase(window=NOW)
)
SLOW_COMMANDS_RECENTLY = or_zero(summed_increase(names.DB_SLOW_OPERATIONS, window=RECENTLY), READY)

# --- where the time goes --------------------------------------------------------------------------
PHASE_MEAN = f"{_phase(by=(PHASE,))} / on() group_left() ({_requests()} > 0)"
PHASE_SECONDS_BY_ROUTE = highest(
    LINES,
    _phase(by=(names.ROUTE,)),
    rank_of_counter(names.REQUEST_PHASE, *_ROUTES),
    names.ROUTE,
)
SLOW_BY_PHASE = or_zero(_slow(DOMINANT), READY, DOMINANT)
SLOW_BY_ROUTE = or_zero(
    highest(
        LINES,
        _slow(names.ROUTE),
        rank_of_counter(names.SLOW_REQUESTS, *_ROUTES),
        names.ROUTE,
    ),
    READY,
    names.ROUTE,
)
LATENCY_BUCKETS = buckets(_DURATION, *_ROUTES)
LATENCY_EXEMPLARS = exemplars(_DURATION, *_ROUTES)

_SLOW_OF_RANGE = summed_increase(
    names.SLOW_REQUESTS, *_ROUTES, by=(names.ROUTE, DOMINANT), window=RANGE
)
ROUTE_SLOW = f"topk({ROWS}, round({_SLOW_OF_RANGE}) > 0)"


def seconds_of_a_request(cause: str) -> str:
    """Return the mean seconds of a request by route that one group of phases takes."""
    phases = PHASES_BY_CAUSE[cause].split("|")
    seconds = _phase(*phases, by=(names.ROUTE,), window=RANGE)
    return ratio(seconds, _requests(names.ROUTE, window=RANGE))


ROUTE_MEAN = ratio(_phase(by=(names.ROUTE,), window=RANGE), _requests(names.ROUTE, window=RANGE))

# --- who holds the hub ----------------------------------------------------------------------------
_HELD = names.HUB_BLOCKED
HELD_BY_KIND = or_zero(summed_rate(_HELD, by=(KIND,)), READY, KIND)
HELD_BY_CODE = or_zero(
    highest(LINES, summed_rate(_HELD, by=(CODE,)), rank_of_counter(_HELD), CODE), READY, CODE
)
CULPRIT_SECONDS = f"topk({ROWS}, {summed_increase(_HELD, window=RANGE, by=(CODE, KIND))} > 0)"
CULPRIT_SHARE = (
    f"({summed_increase(_HELD, window=RANGE, by=(CODE, KIND))} > 0)"
    f" / on() group_left() {summed_increase(_HELD, window=RANGE)}"
)
VICTIMS = highest(
    LINES,
    _phase("hub_wait", "queue", by=(names.ROUTE,)),
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
        summed_rate(names.DB_SLOW_OPERATIONS, by=(OPERATION, COLLECTION)),
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
