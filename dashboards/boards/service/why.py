"""The Service board's causes: what requests wait for, what ends them early, and what changed."""

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
from dashboards.queries import runtime
from dashboards.queries import service as queries

_TIME = Band(
    8,
    StackedTimeSeries(
        title="Where the time goes",
        unit="s",
        description=(
            "Mean time of a request by phase; phases add up to the duration. hub_wait and queue:"
            " others held the hub, board Runtime. cpu: its own code. db, db_connect, db_pool_wait:"
            " board MongoDB. external: another service. threadpool: password hashes and Markdown,"
            " off the hub. lock: another greenlet. client_read, client_write: a slow client."
        ),
        targets=(Target(queries.PHASE_MEAN, "{{phase}}"),),
    ),
    TimeSeries(
        title="Slow requests by dominant phase",
        unit="reqps",
        description=(
            "Requests over their threshold, by the phase that took longest; for each, the log has a"
            " `slow request` line with the evidence. 0 is normal."
        ),
        targets=(Target(queries.SLOW_BY_PHASE, "{{dominant_phase}}"),),
    ),
    TimeSeries(
        title="Slow requests by route",
        unit="reqps",
        description="Requests over their threshold. Click a line for the traces of that route.",
        targets=(Target(queries.SLOW_BY_ROUTE, "{{http_route}}"),),
        links=(links.slow_traces(links.ROUTE_OF_SERIES),),
    ),
)

_REQUESTS = Band(
    7,
    TimeSeries(
        title="Requests in flight",
        unit="short",
        description=(
            "Requests being served, by worker. Rising without more requests: something blocks, see"
            " Where the time goes. Only one worker: its hub is blocked, board Runtime."
        ),
        targets=(Target(queries.IN_FLIGHT, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Aborted responses",
        unit="reqps",
        description=(
            "Responses that were not sent completely, by reason. client_disconnected: the client"
            " gave up, mostly because the answer was slow. client_too_slow: it did not read the"
            " answer. timeout and killed: the service ended them."
        ),
        targets=(Target(queries.ABORTED, "{{reason}}"),),
    ),
    TimeSeries(
        title="Unreadable requests",
        unit="reqps",
        description=(
            "Requests that reached no route, by status: 414 and 431 are too large, 400 is not HTTP."
            " No other panel counts them. The cause is a broken client or a scanner. Also clients"
            " that were too slow, by what the service waited for, and connections that were refused"
            " because there are too many of one address or of a worker."
        ),
        targets=(
            Target(queries.UNREADABLE, "{{http_response_status_code}}"),
            Target(queries.SLOW_CLIENTS, "slow {{reason}}"),
            Target(queries.REFUSED_CONNECTIONS, "connections of one {{reason}}"),
        ),
    ),
    TimeSeries(
        title="Bytes sent by route",
        unit="Bps",
        description=(
            "Bytes per second of response bodies. A jump without more requests: a list route lost"
            " its page limit."
        ),
        targets=(Target(queries.RESPONSE_BYTES, "{{http_route}}"),),
    ),
)

_VERSIONS = Band(
    7,
    Table(
        title="Running versions",
        unit="short",
        description=(
            "Version of each worker, and how long it has been running. Two versions: a roll-out is"
            " in progress. Trouble that begins with a start comes from that release."
        ),
        keys={
            "service_instance_id": "Worker",
            "service_version": "Version",
            "deployment_environment_name": "Environment",
            "version": "Python",
        },
        columns=(Column("Runs for", "s", runtime.BUILD_UPTIME),),
    ),
)

SECTION: Final = Section("Why?", _TIME, _REQUESTS, _VERSIONS)
