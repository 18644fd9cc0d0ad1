"""The Slow requests board's phases: of all requests, of slow ones, and by route."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import Column, Heatmap, StackedTimeSeries, Table, Target, TimeSeries
from dashboards.queries import slow_requests as queries

_PHASES = Band(
    9,
    StackedTimeSeries(
        title="Where the time goes",
        unit="s",
        description=(
            "Mean time of a request by phase; phases are disjoint and add up to its duration."
            " queue and hub_wait: others held the hub. cpu: its own code. db, db_connect and"
            " db_pool_wait: MongoDB. external: another service. threadpool: password hashes and"
            " Markdown. lock: another greenlet. client_read and client_write: a slow client. gc:"
            " garbage. Choose one route above to see only its phases."
        ),
        targets=(Target(queries.PHASE_MEAN, "{{phase}}"),),
    ),
    StackedTimeSeries(
        title="Slow requests by dominant phase",
        unit="reqps",
        description=(
            "Requests over their threshold, by the phase that took most of them. This is what to"
            " repair first; 0 is normal."
        ),
        targets=(Target(queries.SLOW_BY_PHASE, "{{dominant_phase}}"),),
    ),
)

_ROUTES = Band(
    9,
    Table(
        title="Phases by route",
        unit="short",
        description=(
            "Mean seconds of a request of each route over the whole time range, in total and by"
            " cause: hub is queue and hub_wait, own code is cpu, gc and threadpool, database is db,"
            " db_pool_wait and db_connect. Start with the slowest; a click shows only its route."
        ),
        keys={"http_route": "Route"},
        columns=(
            Column("Mean", "s", queries.ROUTE_MEAN),
            *(
                Column(cause.capitalize(), "s", queries.seconds_of_a_request(cause))
                for cause in queries.PHASES_BY_CAUSE
            ),
        ),
        links=(
            links.board(links.SLOW_REQUESTS, "Only this route", route=links.ROUTE_OF_ROW),
            links.slow_traces(links.ROUTE_OF_ROW),
        ),
    ),
)

_BY_ROUTE = Band(
    9,
    StackedTimeSeries(
        title="Time of requests by route",
        unit="suffix:s/s",
        description=(
            "Seconds per second that requests take, of the routes that take most. A route that"
            " grows here occupies workers; its row in Phases by route shows with what."
        ),
        targets=(Target(queries.PHASE_SECONDS_BY_ROUTE, "{{http_route}}"),),
        links=(links.slow_traces(links.ROUTE_OF_SERIES),),
    ),
    TimeSeries(
        title="Slow requests by route",
        unit="reqps",
        description=(
            "Requests over their threshold, of the routes with most of them. Click a line for the"
            " traces of its route."
        ),
        targets=(Target(queries.SLOW_BY_ROUTE, "{{http_route}}"),),
        links=(links.slow_traces(links.ROUTE_OF_SERIES),),
    ),
)

_BY_PHASE = Band(
    9,
    Table(
        title="Slow requests by route and phase",
        unit="short",
        no_value="no request was slow",
        description=(
            "Slow requests over the whole time range, by route and dominant phase. The first row is"
            " what most users of slow requests met."
        ),
        keys={"http_route": "Route", "dominant_phase": "Dominant phase"},
        columns=(Column("Slow", "short", queries.ROUTE_SLOW),),
        links=(links.slow_traces(links.ROUTE_OF_ROW),),
    ),
    Heatmap(
        title="Latency, distribution",
        unit="s",
        description=(
            "Number of requests by duration; a dot is a request with a trace, a click opens it. A"
            " second band far up: one kind of request is slow, and not all of them."
        ),
        buckets=queries.LATENCY_BUCKETS,
        exemplars=queries.LATENCY_EXEMPLARS,
    ),
)

SECTION: Final = Section("Where does the time go?", _PHASES, _ROUTES, _BY_ROUTE, _BY_PHASE)
