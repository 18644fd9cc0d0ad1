"""The MongoDB board's server: what each worker polls, and the server's own counters."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import mongodb as queries
from service import objectives

_POLLS = Band(
    6,
    TimeSeries(
        title="Up by worker",
        unit="bool_yes_no",
        description=(
            "Whether each worker's last poll succeeded. Down for only one worker: its network to"
            " the server. For all: the server."
        ),
        targets=(Target(queries.UP_BY_WORKER, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Ping by worker",
        unit="s",
        description=(
            "Compare the workers: if only one is slow, its hub is blocked (board Runtime), not the"
            " database."
        ),
        targets=(Target(queries.PING_BY_WORKER, WORKER_LEGEND),),
        limits=objectives.PING_SECONDS,
    ),
    TimeSeries(
        title="Age of the last poll, by worker",
        unit="s",
        description="A saw-tooth is normal; a line that only rises is a poll that hangs.",
        targets=(Target(queries.EVIDENCE_AGE_BY_WORKER, WORKER_LEGEND),),
        limits=objectives.EVIDENCE_AGE_SECONDS,
    ),
)

_SERVER_STATUS = Band(
    6,
    StackedTimeSeries(
        title="Server: operations",
        unit="ops",
        description=(
            "The server's own counters over all of its clients. More than this service's: another"
            " client puts load on it."
        ),
        targets=(Target(queries.OPCOUNTERS, "{{type}}"),),
    ),
    TimeSeries(
        title="Server: network",
        unit="Bps",
        description=(
            "The server's own counters. Many bytes out for few operations: large answers, a"
            " projection is missing."
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
    _SERVER_STATUS,
)
