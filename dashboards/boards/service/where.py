"""The Service board's routes and instances: which one is slow, which one fails."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import Column, Heatmap, StackedTimeSeries, Table, Target, TimeSeries
from dashboards.queries import service as queries
from dashboards.queries import workers
from service import objectives

_LATENCY = Band(
    9,
    TimeSeries(
        title="Latency",
        unit="s",
        description=(
            "Quantiles over the selected routes, of every class. p50 rises with the others:"
            " everything is slower (database, hub, machine). Only p99 rises: some requests are"
            " slower, open a dot of the distribution beside."
        ),
        targets=(
            Target(queries.P50, "p50"),
            Target(queries.P95, "p95"),
            Target(queries.P99, "p99"),
        ),
    ),
    Heatmap(
        title="Latency, distribution",
        unit="s",
        description=(
            "Number of requests by duration; each dot is one with a trace: click it. Two separate"
            " bands are two kinds of requests (cached or not, found by index or by scan). A band"
            " that rises over time: a resource fills up, see the pool on the board MongoDB."
        ),
        buckets=queries.LATENCY_BUCKETS,
        exemplars=queries.LATENCY_EXEMPLARS,
    ),
)

_ROUTES = Band(
    9,
    Table(
        title="Routes",
        unit="short",
        description=(
            f"The last {config.NOW} of the time range; the route that takes the most time is first:"
            " making it faster saves the most. Click a route to select only it, or to open its slow"
            " or failed traces."
        ),
        keys={"http_route": "Route"},
        columns=(
            Column("Time share", "percentunit", queries.ROUTE_TIME_SHARE),
            Column("Requests", "reqps", queries.ROUTE_REQUESTS),
            Column("Failed", "percentunit", queries.ROUTE_FAILED_SHARE, config.ERROR_RATIO),
            Column("p50", "s", queries.ROUTE_P50),
            Column("p99", "s", queries.ROUTE_P99),
        ),
        links=(
            links.service_board(links.ROUTE_OF_ROW),
            links.board(links.SLOW_REQUESTS, "Why this route is slow", route=links.ROUTE_OF_ROW),
            links.slow_traces(links.ROUTE_OF_ROW),
            links.failed_traces(links.ROUTE_OF_ROW),
        ),
    ),
    StackedTimeSeries(
        title="Requests by status",
        unit="reqps",
        description=(
            "Requests per second by the status of their response. When everything became slower at"
            " once, check here for more traffic. A jump of 4xx after a release: a broken client or"
            " a broken contract. 503 while a worker drains is expected."
        ),
        targets=(Target(queries.REQUESTS_BY_STATUS, "{{http_response_status_code}}"),),
    ),
    columns=(18, 6),
)

_BY_ROUTE = Band(
    9,
    TimeSeries(
        title="Failures by route",
        unit="reqps",
        description=(
            f"5xx per second of the {config.LINES} routes and statuses with the most. 503 while the"
            " database is down: board MongoDB. 500: click a line and open the failed traces; the"
            " log line of the same request id has the exception."
        ),
        targets=(
            Target(queries.FAILURES_BY_ROUTE, "{{http_route}} {{http_response_status_code}}"),
        ),
        links=(links.failed_traces(links.ROUTE_OF_SERIES),),
    ),
    TimeSeries(
        title="Latency p99 by route",
        unit="s",
        description=(
            f"Of the {config.LINES} routes that take the most time now. Click a line for the slow"
            " traces of its route. When all are slow: board Runtime, because they share the hub."
        ),
        targets=(Target(queries.P99_BY_ROUTE, "{{http_route}}"),),
        links=(links.slow_traces(links.ROUTE_OF_SERIES),),
    ),
)

_INSTANCES = Band(
    9,
    Table(
        title="Instances",
        unit="short",
        description=(
            f"The last {config.NOW} of the time range; the instance with the most failures is"
            " first. One is worse than the others: its machine, its hub, or its connections. All"
            " alike: something that they share. Click one to select only it."
        ),
        keys={
            "service_instance_id": "Instance",
            "service_name": "Service",
            "deployment_environment_name": "Environment",
        },
        columns=(
            Column("Failed", "percentunit", queries.WORKER_FAILED_SHARE, config.ERROR_RATIO),
            Column("p99", "s", queries.WORKER_P99),
            Column("Requests", "reqps", queries.WORKER_REQUESTS),
            Column("CPU", "percentunit", workers.CPU_BY_WORKER, objectives.CPU_RATIO),
        ),
        links=(
            links.board(links.SERVICE, "Only this instance", instance=links.WORKER_OF_ROW),
            links.board(links.RUNTIME, "Its hub and process", instance=links.WORKER_OF_ROW),
            links.lines_of_worker(links.WORKER_OF_ROW),
        ),
    ),
    TimeSeries(
        title="Requests in flight",
        unit="short",
        description=(
            "Requests being served: all, and those of the instance with the most. Rising"
            " without more requests: something blocks, see Where the time goes. Only the worst"
            " rises: its hub is blocked, board Runtime."
        ),
        targets=(
            Target(queries.IN_FLIGHT, "all"),
            Target(queries.IN_FLIGHT_WORST, "worst instance"),
        ),
    ),
    columns=(16, 8),
)

SECTION: Final = Section("Where? Routes and instances", _LATENCY, _ROUTES, _BY_ROUTE, _INSTANCES)
