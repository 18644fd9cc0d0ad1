"""Queries of the MongoDB board: the client's operations, its connection pool, and the server."""

from dashboards import config
from dashboards.promql import (
    RANGE,
    WORKER,
    buckets,
    largest,
    mean,
    or_zero,
    quantile,
    rate,
    ratio,
    series,
    total,
    without_nan,
)
from telemetry import names

OPERATION, COLLECTION = "db_operation_name", "db_collection_name"
ERRORED = 'error_type!=""'

_NOW = config.NOW
_DURATION = names.DB_OPERATION_DURATION
_REPORTING = series(names.MONGODB_UP)
_STATE = "db_client_connection_state"


def _connections(state: str) -> str:
    return series(names.POOL_COUNT, f'{_STATE}="{state}"')


def _operations(*matchers: str, window: str = "$__rate_interval") -> str:
    return rate(_DURATION, *matchers, suffix="_count", window=window)


# --- is it bad ------------------------------------------------------------------------------------
UP = f"min({series(names.MONGODB_UP)})"
PING = largest(series(names.MONGODB_PING))
EVIDENCE_AGE = f"time() - min({series(names.MONGODB_EVIDENCE)})"
POOL_USE_SHARE = (
    f"max(({_connections('used')}) / on({WORKER}, {names.POOL}) ({series(names.POOL_MAX)}))"
)
PENDING_NOW = total(series(names.POOL_PENDING))
ERROR_SHARE_NOW = ratio(
    or_zero(total(_operations(ERRORED, window=_NOW)), _REPORTING),
    total(_operations(window=_NOW)),
)

# --- where ----------------------------------------------------------------------------------------
OPERATIONS = total(_operations(), OPERATION, COLLECTION)
P95_BY_OPERATION = quantile(0.95, _DURATION, by=(OPERATION, COLLECTION))
ERRORS_BY_TYPE = or_zero(
    total(_operations(ERRORED), OPERATION, "error_type"), _REPORTING, "error_type"
)
SLOW = or_zero(total(rate(names.DB_SLOW_OPERATIONS), OPERATION, COLLECTION), _REPORTING, OPERATION)
REQUEST_TIME = total(rate(names.REQUEST_PHASE, 'phase=~"db|db_pool_wait|db_connect"'), "phase")
DURATION_BUCKETS = buckets(_DURATION)
P50 = quantile(0.5, _DURATION)
P95 = quantile(0.95, _DURATION)
P99 = quantile(0.99, _DURATION)
TABLE_RATE = f"{total(_operations(window=RANGE), OPERATION, COLLECTION)} > 0"
TABLE_MEAN = mean(_DURATION, by=(OPERATION, COLLECTION), window=RANGE)
TABLE_P95 = without_nan(quantile(0.95, _DURATION, by=(OPERATION, COLLECTION), window=RANGE))
TABLE_TIME = f"{total(rate(_DURATION, suffix='_sum', window=RANGE), OPERATION, COLLECTION)} > 0"

# --- why: the pool --------------------------------------------------------------------------------
USED = total(_connections("used"))
IDLE = total(_connections("idle"))
ESTABLISHING = total(_connections("establishing"))
MAXIMUM = total(series(names.POOL_MAX))
MINIMUM = total(series(names.POOL_IDLE_MIN))
PENDING = total(series(names.POOL_PENDING), WORKER)
WAIT_P50 = quantile(0.5, names.POOL_WAIT)
WAIT_P95 = quantile(0.95, names.POOL_WAIT)
WAIT_P99 = quantile(0.99, names.POOL_WAIT)
USE_P95 = quantile(0.95, names.POOL_USE)
CREATED = total(rate(names.POOL_CREATE, suffix="_count"))
TIMEOUTS = or_zero(total(rate(names.POOL_TIMEOUTS), WORKER), _REPORTING, WORKER)
CLEARED = or_zero(total(rate(names.POOL_CLEARED), "reason"), _REPORTING, "reason")

# --- why: the server ------------------------------------------------------------------------------
# Every worker polls the same server: the largest of their values, not the sum.
UP_BY_WORKER = largest(series(names.MONGODB_UP), WORKER)
PING_BY_WORKER = largest(series(names.MONGODB_PING), WORKER)
EVIDENCE_AGE_BY_WORKER = f"time() - {largest(series(names.MONGODB_EVIDENCE), WORKER)}"
OPCOUNTERS = largest(rate(names.MONGODB_OPCOUNTERS), "type")
NETWORK = largest(rate(names.MONGODB_NETWORK), "direction")
SERVER_CONNECTIONS = largest(series(names.MONGODB_SERVER_CONNECTIONS), "state")
