"""The MongoDB board: is it the database, the way to it, or the pool in between."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import config, layout
from dashboards.heads import mongodb as heads
from dashboards.layout import Band, Section
from dashboards.panels import (
    PanelBuilder,
    Series,
    at_least,
    distribution,
    lines,
    number,
    rising,
    stacked,
    with_limit,
)
from dashboards.queries import mongodb as ask
from dashboards.tables import Column, grid

_WORKER = "worker {{service_instance_id}}"


def board() -> Dashboard:
    """The whole board."""
    description = "Is it the database, the way to it, or the pool of connections in between?"
    return layout.board(
        "serene-mongodb", "MongoDB", description, (_bad(), _where(), _pool(), _server())
    )


def _bad() -> Section:
    return Section(
        "Is it bad?",
        (
            Band(
                5,
                (
                    number(heads.BAD_UP, at_least(1), "nobody reports", Series(ask.UP, "up")),
                    number(
                        heads.BAD_PING,
                        rising(config.PING_SECONDS),
                        "no ping",
                        Series(ask.PING, "ping"),
                    ),
                    number(
                        heads.BAD_AGE,
                        rising(config.EVIDENCE_AGE_SECONDS),
                        "never looked",
                        Series(ask.EVIDENCE_AGE, "age"),
                    ),
                    number(
                        heads.BAD_USE,
                        rising(config.POOL_USE_SHARE),
                        "no pool",
                        Series(ask.POOL_USE_SHARE, "in use"),
                    ),
                    number(
                        heads.BAD_PENDING,
                        rising(config.POOL_PENDING),
                        "no pool",
                        Series(ask.PENDING_NOW, "waiting"),
                    ),
                    number(
                        heads.BAD_ERRORS,
                        rising(config.ERROR_SHARE),
                        "no operations",
                        Series(ask.ERROR_SHARE_NOW, "failed"),
                    ),
                ),
            ),
        ),
    )


def _where() -> Section:
    return Section(
        "Where?",
        (
            Band(
                8,
                (
                    with_limit(
                        lines(
                            heads.WHERE_LATENCY,
                            Series(ask.P50, "p50"),
                            Series(ask.P95, "p95"),
                            Series(ask.P99, "p99"),
                        ),
                        config.DB_LATENCY_P95_SECONDS,
                    ),
                    distribution(heads.WHERE_HEAT, ask.DURATION_BUCKETS),
                    lines(
                        heads.WHERE_BY_OPERATION,
                        Series(
                            ask.P95_BY_OPERATION, "{{db_operation_name}} {{db_collection_name}}"
                        ),
                    ),
                ),
            ),
            Band(
                8,
                (
                    stacked(
                        heads.WHERE_RATE,
                        Series(ask.OPERATIONS, "{{db_operation_name}} {{db_collection_name}}"),
                    ),
                    lines(
                        heads.WHERE_ERRORS,
                        Series(ask.ERRORS_BY_TYPE, "{{error_type}} {{db_operation_name}}"),
                    ),
                    _operations(),
                ),
            ),
        ),
    )


def _operations() -> PanelBuilder:
    return grid(
        heads.OPERATIONS,
        {"db_operation_name": "Operation", "db_collection_name": "Collection"},
        Column("Seconds a second", "s", ask.TABLE_TIME),
        Column("Rate", "ops", ask.TABLE_RATE),
        Column("Mean", "s", ask.TABLE_MEAN),
        Column("p95", "s", ask.TABLE_P95, config.DB_LATENCY_P95_SECONDS),
    )


def _pool() -> Section:
    return Section(
        "Why? The pool of connections",
        (
            Band(
                8,
                (
                    stacked(
                        heads.POOL_STATE,
                        Series(ask.USED, "used"),
                        Series(ask.IDLE, "idle"),
                        Series(ask.ESTABLISHING, "establishing"),
                    ),
                    lines(heads.POOL_PENDING, Series(ask.PENDING, _WORKER)),
                    lines(
                        heads.POOL_WAIT,
                        Series(ask.WAIT_P50, "p50"),
                        Series(ask.WAIT_P95, "p95"),
                        Series(ask.WAIT_P99, "p99"),
                    ),
                ),
            ),
            Band(
                6,
                (
                    lines(heads.POOL_USE, Series(ask.USE_P95, "p95")),
                    lines(heads.POOL_TIMEOUTS, Series(ask.TIMEOUTS, _WORKER)),
                    lines(heads.POOL_CLEARED, Series(ask.CLEARED, "{{reason}}")),
                    lines(heads.POOL_CREATED, Series(ask.CREATED, "made")),
                ),
            ),
            Band(6, (_bounds(),)),
        ),
    )


def _bounds() -> PanelBuilder:
    return lines(
        heads.BOUNDS,
        Series(f"{ask.USED} + {ask.IDLE} + {ask.ESTABLISHING}", "open"),
        Series(ask.MAXIMUM, "maximum"),
        Series(ask.MINIMUM, "minimum"),
    )


def _server() -> Section:
    return Section(
        "Why? The server (the embedded FerretDB reports less of itself than MongoDB)",
        (
            Band(
                6,
                (
                    lines(heads.SERVER_UP, Series(ask.UP_BY_INSTANCE, _WORKER)),
                    with_limit(
                        lines(heads.SERVER_PING, Series(ask.PING_BY_INSTANCE, _WORKER)),
                        config.PING_SECONDS,
                    ),
                    with_limit(
                        lines(heads.SERVER_AGE, Series(ask.EVIDENCE_AGE_BY_INSTANCE, _WORKER)),
                        config.EVIDENCE_AGE_SECONDS,
                    ),
                ),
            ),
            Band(
                6,
                (
                    stacked(heads.SERVER_COUNTERS, Series(ask.OPCOUNTERS, "{{type}}")),
                    lines(heads.SERVER_NETWORK, Series(ask.NETWORK, "{{direction}}")),
                    lines(heads.SERVER_CONNECTIONS, Series(ask.SERVER_CONNECTIONS, "{{state}}")),
                ),
            ),
        ),
    )
