"""Queries of the Home board that no other board has in this form: one number for each cause."""

from dashboards.config import NOW
from dashboards.promql import (
    OF_A_WORKER,
    largest,
    or_zero,
    series,
    total,
)
from dashboards.queries.workers import EVIDENCE_AGE, OF_SERVICE, OF_WORKER, READY
from dashboards.worker_promql import worker_rate
from service import objectives
from telemetry import names

_UP = series(names.MONGODB_UP)
_USED = series(names.POOL_COUNT, 'db_client_connection_state="used"')

DATABASE_DOWN = f"count({_UP} == 0) or on() 0 * count({_UP})"
DATABASE_STALE = (
    f"count({EVIDENCE_AGE} > {objectives.FRESHNESS_SECONDS:g}) or on() 0 * count({_UP})"
)
POOL_USE = f"max({_USED} / on({OF_A_WORKER}, {names.POOL}) {series(names.POOL_MAX)})"
HUB_BLOCKED = or_zero(largest(total(worker_rate(names.HUB_BLOCKED, NOW), *OF_WORKER)), READY)
READY_BY_SERVICE = total(READY, *OF_SERVICE)
