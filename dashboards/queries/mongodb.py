"""Queries of the MongoDB board: the client's operations, its connection pool, and the server."""

from typing import Final

from dashboards import logql
from dashboards.config import LINES, NOW, RECENTLY, ROWS
from dashboards.promql import (
    OF_A_WORKER,
    RANGE,
    WINDOW,
    WORKER,
    buckets,
    highest,
    largest,
    mean,
    middle,
    or_zero,
    quantile,
    rank_of_counter,
    rank_of_gauge,
    rate,
    ratio,
    series,
    smallest,
    summed_increase,
    summed_rate,
    top,
    total,
    without_nan,
)
from telemetry import names

OPERATION, COLLECTION = "db_operation_name", "db_collection_name"
ERRORED: Final = 'error_type!=""'
FAILED: Final = 'error_type!~"|DuplicateKey"'
"""Without the loser of two inserts of one key, which is an answer."""

_DURATION = names.DB_OPERATION_DURATION
_REPORTING = series(names.MONGODB_UP)
_STATE = "db_client_connection_state"
_BY_COLLECTION = (OPERATION, COLLECTION)
_BY_WORKER = ("service_name", WORKER)


def _connections(state: str) -> str:
    return series(names.POOL_COUNT, f'{_STATE}="{state}"')


def _operations(*matchers: str, by: tuple[str, ...] = (), window: str = WINDOW) -> str:
    return summed_rate(_DURATION, *matchers, by=by, suffix="_count", window=window)


def _costliest(expression: str) -> str:
    """Return the operations that took the most time in the range."""
    return highest(LINES, expression, rank_of_counter(_DURATION, suffix="_sum"), *_BY_COLLECTION)


# --- is it bad ------------------------------------------------------------------------------------
UP = smallest(series(names.MONGODB_UP))
PING = largest(series(names.MONGODB_PING))
EVIDENCE_AGE = f"time() - {smallest(series(names.MONGODB_EVIDENCE))}"
_USE_SHARE = f"{_connections('used')} / on({OF_A_WORKER}, {names.POOL}) {series(names.POOL_MAX)}"
POOL_USE_SHARE = largest(_USE_SHARE)
PENDING_NOW = total(series(names.POOL_PENDING))
ERROR_SHARE_NOW = ratio(
    or_zero(_operations(FAILED, window=NOW), _REPORTING), _operations(window=NOW)
)

# --- where ----------------------------------------------------------------------------------------
OPERATIONS = _costliest(_operations(by=_BY_COLLECTION))
P95_BY_OPERATION = _costliest(quantile(0.95, _DURATION, by=_BY_COLLECTION))
ERRORS_BY_TYPE = or_zero(
    top(LINES, _operations(ERRORED, by=(OPERATION, "error_type"))), _REPORTING, "error_type"
)
SLOW = or_zero(
    highest(
        LINES,
        summed_rate(names.DB_SLOW_OPERATIONS, by=_BY_COLLECTION),
        rank_of_counter(names.DB_SLOW_OPERATIONS),
        *_BY_COLLECTION,
    ),
    _REPORTING,
    OPERATION,
)
REQUEST_TIME = summed_rate(
    names.REQUEST_PHASE, 'phase=~"db|db_pool_wait|db_connect"', by=("phase",)
)
DURATION_BUCKETS = buckets(_DURATION)
P50 = quantile(0.5, _DURATION)
P95 = quantile(0.95, _DURATION)
P99 = quantile(0.99, _DURATION)
_TABLE_SECONDS = summed_rate(_DURATION, suffix="_sum", window=RANGE, by=_BY_COLLECTION)
TABLE_TIME = f"topk({ROWS}, {_TABLE_SECONDS} > 0)"
_TABLE_OPERATIONS = _operations(by=_BY_COLLECTION, window=RANGE)
TABLE_RATE = f"{_TABLE_OPERATIONS} > 0"
TABLE_ERRORS = ratio(
    f"{_operations(FAILED, by=_BY_COLLECTION, window=RANGE)} or 0 * {_TABLE_OPERATIONS}",
    _TABLE_OPERATIONS,
)
TABLE_MEAN = mean(_DURATION, by=_BY_COLLECTION, window=RANGE)
TABLE_P95 = without_nan(quantile(0.95, _DURATION, by=_BY_COLLECTION, window=RANGE))
TABLE_SLOW = (
    f"round({summed_increase(names.DB_SLOW_OPERATIONS, window=RANGE, by=_BY_COLLECTION)}) > 0"
)
COMMAND_LINES = logql.lines('|~ "slow command: |plan of "', level="INFO|WARNING")

# --- why: the pool --------------------------------------------------------------------------------
USED = total(_connections("used"))
IDLE = total(_connections("idle"))
ESTABLISHING = total(_connections("establishing"))
OPEN = total(series(names.POOL_COUNT))
MAXIMUM = total(series(names.POOL_MAX))
MINIMUM = total(series(names.POOL_IDLE_MIN))
PENDING = highest(
    LINES,
    total(series(names.POOL_PENDING), *_BY_WORKER),
    rank_of_gauge(names.POOL_PENDING),
    *_BY_WORKER,
)
USE_SHARE_BY_WORKER = highest(
    LINES,
    largest(_USE_SHARE, *_BY_WORKER),
    rank_of_gauge(names.POOL_COUNT, f'{_STATE}="used"'),
    *_BY_WORKER,
)
WAIT_P50 = quantile(0.5, names.POOL_WAIT)
WAIT_P95 = quantile(0.95, names.POOL_WAIT)
WAIT_P99 = quantile(0.99, names.POOL_WAIT)
USE_P95 = quantile(0.95, names.POOL_USE)
CREATE_P95 = quantile(0.95, names.POOL_CREATE)
CREATED = summed_rate(names.POOL_CREATE, suffix="_count")
TIMEOUTS = or_zero(summed_rate(names.POOL_TIMEOUTS), _REPORTING)
CLEARED = or_zero(summed_rate(names.POOL_CLEARED, by=("reason",)), _REPORTING, "reason")
CLEARED_RECENTLY = or_zero(summed_increase(names.POOL_CLEARED, window=RECENTLY), _REPORTING)

# --- why: the server ------------------------------------------------------------------------------
# Every worker polls the same server: the largest of their values, not the sum.
CHECK_FAILS = f"count({series(names.MONGODB_UP)} == 0) or on() 0 * count({_REPORTING})"
CHECK_SUCCEEDS = f"count({series(names.MONGODB_UP)} == 1)"
PING_MEDIAN = middle(series(names.MONGODB_PING))
PING_BY_WORKER = highest(
    LINES,
    largest(series(names.MONGODB_PING), *_BY_WORKER),
    rank_of_gauge(names.MONGODB_PING),
    *_BY_WORKER,
)
EVIDENCE_AGE_MEDIAN = middle(f"time() - {series(names.MONGODB_EVIDENCE)}")
EVIDENCE_AGE_BY_WORKER = (
    f"topk({LINES}, time() - {largest(series(names.MONGODB_EVIDENCE), *_BY_WORKER)})"
)
OPCOUNTERS = largest(rate(names.MONGODB_OPCOUNTERS), "type")
NETWORK = largest(rate(names.MONGODB_NETWORK), "direction")
SERVER_CONNECTIONS = largest(series(names.MONGODB_SERVER_CONNECTIONS), "state")

WORKER_UP = smallest(series(names.MONGODB_UP), *_BY_WORKER)
WORKER_AGE = f"topk({ROWS}, time() - {largest(series(names.MONGODB_EVIDENCE), *_BY_WORKER)})"
WORKER_PING = largest(series(names.MONGODB_PING), *_BY_WORKER)
WORKER_USE = largest(_USE_SHARE, *_BY_WORKER)
WORKER_WAITS = total(series(names.POOL_PENDING), *_BY_WORKER)
