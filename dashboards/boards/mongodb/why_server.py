"""The MongoDB board's server: what each worker polls, and the server's own counters."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import (
    WORKER_LEGEND,
    Column,
    StackedTimeSeries,
    Table,
    Target,
    TimeSeries,
)
from dashboards.queries import mongodb as queries
from service import objectives

_POLLS = Band(
    7,
    StackedTimeSeries(
        title="Workers by their last poll",
        unit="short",
        description=(
            "How many workers' last poll of MongoDB succeeded, and how many failed. One fails: its"
            " network to the server. All: the server. The table below names them."
        ),
        targets=(
            Target(queries.CHECK_SUCCEEDS, "succeeded"),
            Target(queries.CHECK_FAILS, "failed"),
        ),
    ),
    TimeSeries(
        title="Ping by worker",
        unit="s",
        description=(
            "Of the slowest workers, beside the median of all. If only one is slow, its hub is"
            " blocked (board Runtime), not the database."
        ),
        targets=(
            Target(queries.PING_MEDIAN, "median"),
            Target(queries.PING_BY_WORKER, WORKER_LEGEND),
        ),
        limits=objectives.PING_SECONDS,
        links=(links.board(links.RUNTIME, "Board Runtime", instance=links.WORKER_OF_SERIES),),
    ),
    TimeSeries(
        title="Age of the last poll, by worker",
        unit="s",
        description=(
            "Of the workers with the oldest evidence, beside the median of all. A saw-tooth is"
            " normal; a line that only rises is a poll that hangs."
        ),
        targets=(
            Target(queries.EVIDENCE_AGE_MEDIAN, "median"),
            Target(queries.EVIDENCE_AGE_BY_WORKER, WORKER_LEGEND),
        ),
        limits=objectives.EVIDENCE_AGE_SECONDS,
    ),
)

_WORKERS = Band(
    8,
    Table(
        title="Workers and their database",
        unit="short",
        description=(
            "Each worker's view now, the oldest poll first. Choose one as Instance above to see"
            " only its operations and its pool."
        ),
        keys={"service_instance_id": "Instance", "service_name": "Service"},
        columns=(
            Column("Age of poll", "s", queries.WORKER_AGE, objectives.EVIDENCE_AGE_SECONDS),
            Column("Up", "bool_yes_no", queries.WORKER_UP),
            Column("Ping", "s", queries.WORKER_PING, objectives.PING_SECONDS),
            Column("Pool in use", "percentunit", queries.WORKER_USE, objectives.POOL_USE_RATIO),
            Column("Waiting", "short", queries.WORKER_WAITS, objectives.POOL_WAITERS),
        ),
        links=(
            links.board(links.MONGODB, "Only this instance", instance=links.WORKER_OF_ROW),
            links.lines_of_worker(links.WORKER_OF_ROW),
        ),
    ),
)

_SERVER_STATUS = Band(
    7,
    StackedTimeSeries(
        title="Server: operations",
        unit="ops",
        description=(
            "The server's own counters over all of its clients. More than this service's: another"
            " client puts load on it. The embedded database does not report it."
        ),
        targets=(Target(queries.OPCOUNTERS, "{{type}}"),),
    ),
    TimeSeries(
        title="Server: network",
        unit="Bps",
        description=(
            "The server's own counters. Many bytes out for few operations: large answers, a"
            " projection is missing. The embedded database does not report it."
        ),
        targets=(Target(queries.NETWORK, "{{direction}}"),),
    ),
    TimeSeries(
        title="Server: connections",
        unit="short",
        description=(
            "The server's own count. available near 0: the next connection is refused. The embedded"
            " database does not report it."
        ),
        targets=(Target(queries.SERVER_CONNECTIONS, "{{state}}"),),
    ),
)

SECTION: Final = Section(
    "Why? The server (the embedded FerretDB reports fewer metrics than MongoDB)",
    _POLLS,
    _WORKERS,
    _SERVER_STATUS,
)
