"""The Runtime board's hub, which all requests of a worker share."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, Heatmap, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import runtime as queries
from service import objectives

_LAG = Band(
    7,
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
        limits=objectives.HUB_LAG_P99_SECONDS,
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
    TimeSeries(
        title="Greenlets",
        unit="short",
        description=(
            "Greenlets that exist, by worker. Rising at steady traffic: greenlets are spawned"
            " and never end."
        ),
        targets=(Target(queries.GREENLETS, WORKER_LEGEND),),
    ),
)

_BLOCKED = Band(
    8,
    StackedTimeSeries(
        title="Hub blocked by cause",
        unit="percentunit",
        description=(
            "Share of the time that the hub was blocked, by cause. cpu: code computed."
            " blocked: a call that gevent does not patch. gil: another thread. frozen: the"
            " process got no processor, see the machine below."
        ),
        targets=(Target(queries.HUB_BLOCKED, "{{kind}}"),),
    ),
    StackedTimeSeries(
        title="Hub blocked by code",
        unit="percentunit",
        description=(
            f"The {queries.TOP_CODES} functions that blocked the hub for longest: move their"
            " work to the hub's threadpool. Who ran them is in the `hub held` lines of the log;"
            " what they call is at `/debug/profile` of the worker. _OTHER: cheaper ones."
            " _UNKNOWN: not seen, or the machine's."
        ),
        targets=(Target(queries.HUB_BLOCKED_BY_CODE, "{{code}}"),),
    ),
)

SECTION: Final = Section("Why? The hub", _LAG, _BLOCKED)
