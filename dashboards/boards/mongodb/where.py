"""The MongoDB board's operations, as the client measures them."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import Column, Heatmap, Logs, StackedTimeSeries, Table, Target, TimeSeries
from dashboards.queries import mongodb as queries
from service import objectives

_OPERATION_LEGEND = "{{db_operation_name}} {{db_collection_name}}"

_LATENCY = Band(
    9,
    TimeSeries(
        title="Operation latency",
        unit="s",
        description=(
            "Duration of commands as the client measures it, network included. All quantiles rise:"
            " server or network. Only one command: see Latency p95 by operation."
        ),
        targets=(
            Target(queries.P50, "p50"),
            Target(queries.P95, "p95"),
            Target(queries.P99, "p99"),
        ),
        limits=objectives.DB_LATENCY_P95_SECONDS,
    ),
    Heatmap(
        title="Operation latency, distribution",
        unit="s",
        description=(
            "Number of commands by duration. A second, slower band is one kind of command without"
            " an index, or with a large answer."
        ),
        buckets=queries.DURATION_BUCKETS,
    ),
    TimeSeries(
        title="Latency p95 by operation",
        unit="s",
        description=(
            "Of the commands that take the most time. Which is slow: does its filter have an index,"
            " is its answer large? Add the index, or request less."
        ),
        targets=(Target(queries.P95_BY_OPERATION, _OPERATION_LEGEND),),
    ),
)

_OPERATIONS = Band(
    9,
    StackedTimeSeries(
        title="Operations",
        unit="ops",
        description=(
            "Commands per second of those that take the most time, by name and collection. Many"
            " more of them for the same number of requests: a query in a loop."
        ),
        targets=(Target(queries.OPERATIONS, _OPERATION_LEGEND),),
    ),
    TimeSeries(
        title="Failures by type",
        unit="ops",
        shades_of=config.BAD,
        description=(
            "Failed commands by name and error. AutoReconnect and NetworkTimeout: the connection to"
            " the server. DuplicateKeyError: the caller's mistake."
        ),
        targets=(Target(queries.ERRORS_BY_TYPE, "{{error_type}} {{db_operation_name}}"),),
    ),
    StackedTimeSeries(
        title="Time of requests for the database",
        unit="suffix:s/s",
        description=(
            "Seconds per second that requests wait. db: for the server, so its commands are slow."
            " db_pool_wait: for a free connection, see the pool below. db_connect: for a new one."
        ),
        targets=(Target(queries.REQUEST_TIME, "{{phase}}"),),
    ),
)

_TABLE = Band(
    9,
    Table(
        title="Operations by time",
        unit="short",
        description=(
            "Values over the whole time range, of all selected workers. The operation that takes"
            " the most time is first: an index there saves the most."
        ),
        keys={"db_operation_name": "Operation", "db_collection_name": "Collection"},
        columns=(
            Column("Time", "suffix:s/s", queries.TABLE_TIME),
            Column("Rate", "ops", queries.TABLE_RATE),
            Column("Failed", "percentunit", queries.TABLE_ERRORS),
            Column("Mean", "s", queries.TABLE_MEAN),
            Column("p95", "s", queries.TABLE_P95, objectives.DB_LATENCY_P95_SECONDS),
            Column("Slow", "short", queries.TABLE_SLOW),
        ),
        links=(links.board(links.SLOW_REQUESTS, "Board Slow requests: shapes and traces"),),
    ),
)

_LINES = Band(
    9,
    TimeSeries(
        title="Slow commands",
        unit="ops",
        description=(
            "Commands that kept waiting for the server past the threshold. The log line `slow"
            " command` has the shape, and `plan of` whether it scans: a COLLSCAN needs an index."
        ),
        targets=(Target(queries.SLOW, _OPERATION_LEGEND),),
    ),
    Logs(
        title="Slow commands and their plans",
        description=(
            "Lines `slow command: …` with the shape and its time on the wire, and `plan of …`. A"
            " click opens the trace of the request. None: no command was slow."
        ),
        query=queries.COMMAND_LINES,
    ),
    columns=(8, 16),
)

SECTION: Final = Section("Where?", _LATENCY, _OPERATIONS, _TABLE, _LINES)
