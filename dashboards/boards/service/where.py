"""The Service board's routes: which one is slow, which one fails, which one takes the most time."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import Column, Heatmap, StackedTimeSeries, Table, Target, TimeSeries
from dashboards.queries import service as queries

_LATENCY = Band(
    9,
    TimeSeries(
        title="Latency",
        unit="s",
        description=(
            "Quantiles over all selected routes; each dot is one request with a trace: click it."
            " p50 rises with the others: everything is slower (database, hub, machine). Only p99"
            " rises: some requests are slower, open a high dot."
        ),
        targets=(
            Target(queries.P50, "p50"),
            Target(queries.P95, "p95"),
            Target(queries.P99, "p99", exemplars=True),
        ),
        limits=config.LATENCY_P99_SECONDS,
    ),
    Heatmap(
        title="Latency, distribution",
        unit="s",
        description=(
            "Number of requests by duration. Two separate bands are two kinds of requests (cached"
            " or not, found by index or by scan). A band that rises over time: a resource fills up,"
            " see the pool on the board MongoDB."
        ),
        buckets=queries.LATENCY_BUCKETS,
    ),
)

_BY_ROUTE = Band(
    8,
    StackedTimeSeries(
        title="Requests by route",
        unit="reqps",
        description=(
            "Requests per second by method and route. When everything became slower at once, check"
            " here for a new client or a retry storm."
        ),
        targets=(Target(queries.REQUESTS_BY_ROUTE, "{{http_request_method}} {{http_route}}"),),
    ),
    TimeSeries(
        title="Failures by route",
        unit="reqps",
        description=(
            "5xx per second by route and status. 503 while the database is down: board MongoDB."
            " 500: click a line and open the failed traces; the log line of the same request id has"
            " the exception."
        ),
        targets=(
            Target(queries.FAILURES_BY_ROUTE, "{{http_route}} {{http_response_status_code}}"),
        ),
        links=(links.failed_traces(links.ROUTE_OF_SERIES),),
    ),
    TimeSeries(
        title="Latency p95 by route",
        unit="s",
        description=(
            "Click a line for the slow traces of its route. When all routes are slow: board"
            " Runtime, because all of them share the hub."
        ),
        targets=(Target(queries.P95_BY_ROUTE, "{{http_route}}"),),
        links=(links.slow_traces(links.ROUTE_OF_SERIES),),
    ),
    StackedTimeSeries(
        title="Responses by status",
        unit="reqps",
        description=(
            "A jump of 4xx after a release: a broken client or a broken contract. 503 while a"
            " worker drains is expected."
        ),
        targets=(Target(queries.REQUESTS_BY_STATUS, "{{http_response_status_code}}"),),
    ),
)

_TABLE = Band(
    8,
    Table(
        title="Routes",
        unit="short",
        description=(
            "Values over the whole time range. The route that takes the most time is first:"
            " making it faster saves the most. Click a route to select only it, or to open its slow"
            " traces."
        ),
        keys={"http_route": "Route"},
        columns=(
            Column("Share of all time", "percentunit", queries.ROUTE_TIME_SHARE),
            Column("Requests", "reqps", queries.ROUTE_REQUESTS),
            Column("Failed", "percentunit", queries.ROUTE_FAILED_SHARE, config.ERROR_RATIO),
            Column("Mean", "s", queries.ROUTE_MEAN),
            Column("p99", "s", queries.ROUTE_P99, config.LATENCY_P99_SECONDS),
        ),
        links=(links.service_board(links.ROUTE_OF_ROW), links.slow_traces(links.ROUTE_OF_ROW)),
    ),
)

SECTION: Final = Section("Where?", _LATENCY, _BY_ROUTE, _TABLE)
