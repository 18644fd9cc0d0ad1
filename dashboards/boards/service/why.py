"""The Service board's causes: what requests wait for, what ends them early, and their clients."""

from typing import Final

from dashboards import links, logql
from dashboards.layout import Band, Section
from dashboards.panels import Logs, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import service as queries

SECTION: Final = Section(
    "Why?",
    Band(
        9,
        StackedTimeSeries(
            title="Where the time goes",
            unit="s",
            description=(
                "Mean time of a request by phase; phases add up to the duration. hub_wait and"
                " queue: others held the hub, board Runtime. cpu: its own code. db, db_connect,"
                " db_pool_wait: board MongoDB. external: another service. threadpool: password"
                " hashes and Markdown, off the hub. lock: another greenlet. client_read,"
                " client_write: a slow client."
            ),
            targets=(Target(queries.PHASE_MEAN, "{{phase}}"),),
            links=(links.board(links.SLOW_REQUESTS, "By route, with traces"),),
        ),
        TimeSeries(
            title="Slow requests by dominant phase",
            unit="reqps",
            description=(
                "Requests over their slow threshold, by the phase that took longest; 0 is normal."
                " The board Slow requests has their routes, traces and culprits."
            ),
            targets=(Target(queries.SLOW_BY_PHASE, "{{dominant_phase}}"),),
            links=(links.board(links.SLOW_REQUESTS, "Slow requests"),),
        ),
    ),
    Band(
        7,
        Logs(
            title="Errors in the log",
            description=(
                "Lines of level ERROR and above of the selected services and instances, the newest"
                " first. A line names the exception; its fields have the request id and the link"
                " to its trace."
            ),
            query=logql.lines(level="ERROR|CRITICAL"),
        ),
    ),
)

CLIENTS: Final = Section(
    "Why? Clients and load",
    Band(
        7,
        TimeSeries(
            title="Aborted responses",
            unit="reqps",
            description=(
                "Responses that were not sent completely, by reason. client_disconnected: the"
                " client gave up, mostly because the answer was slow. client_too_slow: it did not"
                " read the answer. timeout and killed: the service ended them."
            ),
            targets=(Target(queries.ABORTED, "{{reason}}"),),
        ),
        TimeSeries(
            title="Unreadable requests",
            unit="reqps",
            description=(
                "Requests that reached no route, by status: 414 and 431 are too large, 400 is not"
                " HTTP. No other panel counts them. The cause is a broken client or a scanner. Also"
                " clients that were too slow, by what the service waited for, and connections that"
                " were refused because there are too many of one address or of a worker."
            ),
            targets=(
                Target(queries.UNREADABLE, "{{http_response_status_code}}"),
                Target(queries.SLOW_CLIENTS, "slow {{reason}}"),
                Target(queries.REFUSED_CONNECTIONS, "connections of one {{reason}}"),
            ),
        ),
    ),
    Band(
        7,
        TimeSeries(
            title="Bytes sent by route",
            unit="Bps",
            description=(
                "Bytes per second of response bodies, of the routes that send the most now. A jump"
                " without more requests: a list route lost its page limit."
            ),
            targets=(Target(queries.RESPONSE_BYTES, "{{http_route}}"),),
        ),
    ),
    collapsed=True,
)
