"""The Runtime board's process: CPU, memory, files, threads and the garbage collector."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, Column, Table, Target, TimeSeries
from dashboards.queries import runtime as queries
from service import objectives

_GENERATION_LEGEND = "generation {{generation}}"
_WORKER_LINKS = (
    links.board(links.RUNTIME, "Only this instance", instance=links.WORKER_OF_SERIES),
    links.lines_of_worker(links.WORKER_OF_SERIES),
)

_WORKERS = Band(
    9,
    Table(
        title="Workers",
        unit="short",
        description=(
            "The busiest workers now. Growth is that of their memory within"
            f" {objectives.MEMORY_WINDOW}; blocked, of their hub, over the whole time range. A"
            " click shows one worker alone, or its log lines."
        ),
        keys={"service_instance_id": "Instance", "service_name": "Service"},
        columns=(
            Column("CPU", "percentunit", queries.WORKER_CPU, objectives.CPU_RATIO),
            Column("Hub blocked", "s", queries.WORKER_BLOCKED),
            Column("Memory", "bytes", queries.WORKER_MEMORY),
            Column("Growth", "percentunit", queries.WORKER_GROWTH, objectives.MEMORY_GROWTH_RATIO),
            Column("Greenlets", "short", queries.WORKER_GREENLETS),
            Column("Threads", "short", queries.WORKER_THREADS),
            Column("Open files", "percentunit", queries.WORKER_FILES, objectives.OPEN_FILES_RATIO),
            Column("Runs for", "s", queries.WORKER_UPTIME),
        ),
        links=(
            links.board(links.RUNTIME, "Only this instance", instance=links.WORKER_OF_ROW),
            links.lines_of_worker(links.WORKER_OF_ROW),
        ),
    ),
)

_RESOURCES = Band(
    9,
    TimeSeries(
        title="CPU by worker",
        unit="percentunit",
        description=(
            "Share of one core, of the busiest workers beside the median of all. Very uneven:"
            " long-lived connections keep all load on a few."
        ),
        targets=(
            Target(queries.CPU_MEDIAN, "median"),
            Target(queries.CPU, WORKER_LEGEND),
        ),
        limits=objectives.CPU_RATIO,
        links=_WORKER_LINKS,
    ),
    TimeSeries(
        title="Memory by worker",
        unit="bytes",
        description=(
            "Resident memory of the largest workers beside the median of all. All rise alike: a"
            " leak. Only one: it served a large response."
        ),
        targets=(
            Target(queries.RESIDENT_MEDIAN, "median"),
            Target(queries.RESIDENT, WORKER_LEGEND),
        ),
        links=_WORKER_LINKS,
    ),
    TimeSeries(
        title="Open files by worker",
        unit="short",
        description=(
            "Open files, sockets included, of the workers with most of them. Rising: connections"
            " that are never closed."
        ),
        targets=(
            Target(queries.OPEN_FILES_MEDIAN, "median"),
            Target(queries.OPEN_FILES, WORKER_LEGEND),
        ),
        links=_WORKER_LINKS,
    ),
    TimeSeries(
        title="Threads by worker",
        unit="short",
        description=(
            "Native threads: the hub, its threadpool, the management port, the hub monitor. Rising:"
            " some code starts a thread for each request."
        ),
        targets=(
            Target(queries.THREADS_MEDIAN, "median"),
            Target(queries.THREADS, WORKER_LEGEND),
        ),
        links=_WORKER_LINKS,
    ),
)

_PYTHON = Band(
    7,
    TimeSeries(
        title="Garbage collections",
        unit="ops",
        description=(
            "Collections by generation. Each one of generation 2 blocks the hub for 30 ms or more."
        ),
        targets=(Target(queries.GC_RUNS, _GENERATION_LEGEND),),
    ),
    TimeSeries(
        title="Requests in a collection",
        unit="suffix:s/s",
        description=(
            "Seconds per second that requests spend in the phase gc. A jump after a release: it"
            " keeps many more objects alive, `gc.freeze` after the start helps."
        ),
        targets=(Target(queries.GC_SECONDS, "gc"),),
    ),
    TimeSeries(
        title="Objects collected",
        unit="ops",
        description=(
            "Objects in reference cycles that were freed, by generation. A jump after a release:"
            " each request creates new cycles."
        ),
        targets=(Target(queries.GC_COLLECTED, _GENERATION_LEGEND),),
    ),
    TimeSeries(
        title="Uncollectable objects",
        unit="short",
        description="Always 0 in a healthy process; any other value is a memory leak.",
        targets=(Target(queries.GC_UNCOLLECTABLE, _GENERATION_LEGEND),),
    ),
)

_CPU_OF_ALL = Band(
    7,
    TimeSeries(
        title="Cores in use",
        unit="short",
        description=(
            "Cores that all selected workers use together. It follows the traffic; a step without"
            " more requests is a release that computes more."
        ),
        targets=(Target(queries.CPU_TOTAL, "cores"),),
    ),
    TimeSeries(
        title="Uncaught exceptions, recently",
        unit="short",
        description=(
            "Exceptions in greenlets and threads of the last hour that no code handled. Search the"
            " log for `uncaught`: each line has its trace id."
        ),
        targets=(Target(queries.UNCAUGHT_RECENTLY, "uncaught"),),
        limits=objectives.RESTARTS,
    ),
)

SECTION: Final = Section("Why? The process", _WORKERS, _RESOURCES, _PYTHON, _CPU_OF_ALL)
