"""The Runtime board's hub, which all requests of a worker share."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, Heatmap, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import runtime as queries

SECTION: Final = Section(
    "Why? The hub",
    Band(
        8,
        TimeSeries(
            title="Hub lag",
            unit="s",
            description=(
                "How long one turn of the hub kept other greenlets waiting. p99 over 0.1 s: users"
                " of that worker wait for the work of other requests."
            ),
            targets=(
                Target(queries.HUB_LAG_P50, "p50"),
                Target(queries.HUB_LAG_P95, "p95"),
                Target(queries.HUB_LAG_P99, "p99"),
            ),
            limits=config.HUB_LAG_P99_SECONDS,
        ),
        Heatmap(
            title="Hub lag, distribution",
            unit="s",
            description=(
                "Number of turns by duration. A faint band far up is one rare long block: a `hub"
                " held` line in the log names its frame and its request."
            ),
            buckets=queries.HUB_LAG_BUCKETS,
        ),
        StackedTimeSeries(
            title="Hub blocked by cause",
            unit="percentunit",
            description=(
                "Share of the time that the hub was blocked, by cause. cpu: the service's code"
                " computed; the log's `hub held` line names it, move it to the hub's threadpool."
                " blocked: a call that gevent does not patch. gil: another thread. frozen: the"
                " process got no processor, see the machine below."
            ),
            targets=(Target(queries.HUB_BLOCKED, "{{blame}}"),),
        ),
        TimeSeries(
            title="Greenlets",
            unit="short",
            description=(
                "Greenlets that exist, by worker. Rising at steady traffic: greenlets are spawned"
                " and never end."
            ),
            targets=(Target(queries.GREENLETS, WORKER_LEGEND),),
        ),
    ),
)
