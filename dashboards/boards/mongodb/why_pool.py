"""The MongoDB board's connection pool: its size, who waits for it, and why connections end."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import mongodb as queries
from service import objectives

_USE = Band(
    9,
    StackedTimeSeries(
        title="Connections",
        unit="short",
        description=(
            "Connections in the pools of all selected workers, by state. used at the maximum: the"
            " pool is full. establishing for long: connecting is slow or refused."
        ),
        targets=(
            Target(queries.USED, "used"),
            Target(queries.IDLE, "idle"),
            Target(queries.ESTABLISHING, "establishing"),
        ),
    ),
    TimeSeries(
        title="Pool in use, by worker",
        unit="percentunit",
        description=(
            "Share of its connections that a worker uses, of the fullest pools. Only one is full:"
            " one of its requests holds the connections, `/debug/requests` names it."
        ),
        targets=(Target(queries.USE_SHARE_BY_WORKER, WORKER_LEGEND),),
        limits=objectives.POOL_USE_RATIO,
    ),
    TimeSeries(
        title="Waiting for a connection, by worker",
        unit="short",
        description=(
            "Greenlets in the queue for a connection, of the workers with the longest queues. All"
            " of them: the pool is too small, or the server too slow."
        ),
        targets=(
            Target(queries.PENDING_NOW, "all workers"),
            Target(queries.PENDING, WORKER_LEGEND),
        ),
        limits=objectives.POOL_WAITERS,
    ),
)

_WAITS = Band(
    7,
    TimeSeries(
        title="Wait for a connection",
        unit="s",
        description=(
            "Time until a connection was checked out. With an idle connection it is microseconds;"
            " from milliseconds on requests queue for the pool."
        ),
        targets=(
            Target(queries.WAIT_P50, "p50"),
            Target(queries.WAIT_P95, "p95"),
            Target(queries.WAIT_P99, "p99"),
        ),
    ),
    TimeSeries(
        title="Connection held, p95",
        unit="s",
        description=(
            "How long a connection is checked out. Longer than an operation takes: a cursor stays"
            " open while the request does other work."
        ),
        targets=(Target(queries.USE_P95, "p95"),),
    ),
    TimeSeries(
        title="Connection wait time-outs",
        unit="ops",
        description=(
            "Waits for a connection that timed out: those requests failed. Reduce requests, make"
            " queries faster, or enlarge the pool."
        ),
        targets=(Target(queries.TIMEOUTS, "timed out"),),
    ),
)

_CHANGES = Band(
    7,
    TimeSeries(
        title="Pool clears",
        unit="ops",
        description=(
            "Times that a pool closed all of its connections after an operation or a heartbeat of"
            " the driver failed. One burst: the server restarted or its primary changed. Repeated:"
            " the network to it is broken."
        ),
        targets=(Target(queries.CLEARED, "{{reason}}"),),
    ),
    TimeSeries(
        title="Connections created",
        unit="ops",
        description=(
            "New connections per second. Constantly above 0 under steady load: connections are"
            " closed early, mostly by a proxy."
        ),
        targets=(Target(queries.CREATED, "created"),),
    ),
    TimeSeries(
        title="Time to connect, p95",
        unit="s",
        description=(
            "Time to establish a connection, its handshake and login included. Slow while the ping"
            " is fast: the login, or TLS."
        ),
        targets=(Target(queries.CREATE_P95, "p95"),),
    ),
    TimeSeries(
        title="Connections and their bounds",
        unit="short",
        description=(
            "Open connections of all selected workers, the minimum that is kept open and the"
            " maximum that is allowed. The server must allow the sum of the workers' maximums."
        ),
        targets=(
            Target(queries.OPEN, "connections"),
            Target(queries.MAXIMUM, "maximum"),
            Target(queries.MINIMUM, "minimum"),
        ),
    ),
)

SECTION: Final = Section("Why? The connection pool", _USE, _WAITS, _CHANGES)
