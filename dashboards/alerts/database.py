"""Alerts on the database and the pool of connections to it."""

from dashboards.alerts.rule import DURATION, OF, PERCENT, WORKER, Alert
from dashboards.rule_promql import (
    OF_SERVICE,
    OF_WORKER,
    increase,
    largest,
    quantile,
    rate,
    selector,
    total,
)
from dashboards.time_scale import TimeScale
from service import objectives
from telemetry import names

_STATE = names.POOL_COUNT.labels[1]
_FEWEST = 20
"""Operations in a window, below which a quantile is one slow command."""


def alerts(time: TimeScale) -> tuple[Alert, ...]:
    """Return the alerts of this subject."""
    return (
        Alert(
            "DatabaseUnavailable",
            f"avg by ({', '.join(OF_SERVICE)}) ({names.MONGODB_UP.name}) <= 0.5",
            time("10s"),
            "page",
            f"MongoDB does not answer the workers of {OF}",
            "Requests that need it fail with 503, and readiness is 503. The health report names "
            "the kind of error.",
            "serene-mongodb",
        ),
        Alert(
            "EvidenceStale",
            f"{largest(_evidence_age(), *OF_WORKER)} > {objectives.EVIDENCE_AGE_SECONDS.bad:g}",
            time("1m"),
            "ticket",
            f"{WORKER} of {OF} has not checked MongoDB for {DURATION}",
            "Its background check hangs, or its hub is held; its readiness is 503.",
            "serene-mongodb",
        ),
        _slow(time),
        *_pool(time),
    )


def _evidence_age() -> str:
    # At the scrape: a Collector that is away makes no evidence stale.
    evidence = names.MONGODB_EVIDENCE.name
    return f"(timestamp({evidence}) - {evidence})"


def _slow(time: TimeScale) -> Alert:
    window = time("5m")
    p95 = quantile(0.95, names.DB_OPERATION_DURATION, window, *OF_SERVICE)
    operations = rate(selector(names.DB_OPERATION_DURATION, suffix="_count"), window)
    enough = f"{total(operations, *OF_SERVICE)} * {time.seconds('5m'):g} >= {_FEWEST}"
    return Alert(
        "DatabaseSlow",
        f"({p95} > {objectives.DB_LATENCY_P95_SECONDS.bad:g} and {enough})"
        f" or {largest(names.MONGODB_PING.name, *OF_SERVICE)} > {objectives.PING_SECONDS.bad:g}",
        time("2m"),
        "ticket",
        f"MongoDB is slow for {OF}: {DURATION}",
        "The p95 of its commands, or its ping, is over the limit. The board shows the operations "
        "and collections that take the time.",
        "serene-mongodb",
    )


def _pool(time: TimeScale) -> tuple[Alert, ...]:
    pool = (*OF_WORKER, names.POOL)
    used = selector(names.POOL_COUNT, f'{_STATE}="used"')
    in_use = f"avg_over_time({used}[{time('1m')}])"
    share = f"{largest(in_use, *pool)} / ({largest(names.POOL_MAX.name, *pool)} > 0)"
    waiting = f"avg_over_time({names.POOL_PENDING.name}[{time('1m')}])"
    timeouts = increase(names.POOL_TIMEOUTS.name, time("5m"))
    return (
        Alert(
            "DatabasePoolNearExhaustion",
            f"{share} > {objectives.POOL_USE_RATIO.bad:g}",
            time("1m"),
            "ticket",
            f"{PERCENT} of the connections of {WORKER} of {OF} are in use",
            "The next slow command makes requests wait. The board shows how long connections are "
            "held; /debug/requests names the requests that hold them.",
            "serene-mongodb",
        ),
        Alert(
            "DatabasePoolWaiters",
            f"{largest(waiting, *pool)} > {objectives.POOL_WAITERS.bad:g}"
            f" or {largest(timeouts, *pool)} > 0",
            time("30s"),
            "ticket",
            f"Requests of {WORKER} of {OF} wait for a connection to MongoDB",
            "They wait in db_pool_wait, and fail with 503 when the wait takes too long.",
            "serene-mongodb",
        ),
    )
