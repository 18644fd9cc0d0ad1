"""The Runtime board's hub, which all requests of a worker share."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import (
    WORKER_LEGEND,
    Heatmap,
    Logs,
    StackedTimeSeries,
    Target,
    TimeSeries,
)
from dashboards.queries import runtime as queries
from service import objectives

_WORKER_LINKS = (
    links.board(links.RUNTIME, "Only this instance", instance=links.WORKER_OF_SERIES),
    links.lines_of_worker(links.WORKER_OF_SERIES),
)

_LAG = Band(
    9,
    TimeSeries(
        title="Hub lag",
        unit="s",
        description=(
            "How long one turn of the hub kept other greenlets waiting, of all selected workers."
            " p99 over 0.1 s: users wait for the work of other requests."
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
            "Greenlets of the workers with most of them, beside the median of all. Rising at steady"
            " traffic: greenlets are spawned and never end, `/debug/stacks` shows where they wait."
        ),
        targets=(
            Target(queries.GREENLETS_MEDIAN, "median"),
            Target(queries.GREENLETS, WORKER_LEGEND),
        ),
        links=_WORKER_LINKS,
    ),
)

_BLOCKED = Band(
    9,
    StackedTimeSeries(
        title="Hub blocked by cause",
        unit="percentunit",
        description=(
            "Share of the time that the hubs were blocked, by cause; the sum of all selected"
            " workers. cpu: code computed. blocked: a call that gevent does not patch. gil: another"
            " thread. frozen: the process got no processor, see the machine below."
        ),
        targets=(Target(queries.HUB_BLOCKED, "{{kind}}"),),
    ),
    StackedTimeSeries(
        title="Hub blocked by code",
        unit="percentunit",
        description=(
            "The functions that blocked the hubs for longest: move their work to the hub's"
            " threadpool. Who ran them is in the lines below; what they call is at"
            " `/debug/profile` of the worker. _OTHER: cheaper ones. _UNKNOWN: not seen, or the"
            " machine's."
        ),
        targets=(Target(queries.HUB_BLOCKED_BY_CODE, "{{code}}"),),
        links=(links.board(links.SLOW_REQUESTS, "Board Slow requests: its traces"),),
    ),
    TimeSeries(
        title="Hub blocked by worker",
        unit="percentunit",
        description=(
            "Share of the time of the workers that were blocked most. One alone: one of its"
            " requests. All at once: a common cause, such as the machine or a release."
        ),
        targets=(Target(queries.HUB_BLOCKED_BY_WORKER, WORKER_LEGEND),),
        limits=objectives.HUB_BLOCKED_RATIO,
        links=_WORKER_LINKS,
    ),
    columns=(6, 12, 6),
)

_LINES = Band(
    7,
    Logs(
        title="Blocks of the hub",
        description=(
            "Log lines `hub held for …`: how long, of which kind, by which request, at which line"
            " of code. None: no hub was held."
        ),
        query=queries.HELD_LINES,
    ),
)

SECTION: Final = Section("Why? The hub", _LAG, _BLOCKED, _LINES)
