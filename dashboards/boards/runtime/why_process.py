"""The Runtime board's process: CPU, memory, files, threads and the garbage collector."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, Target, TimeSeries
from dashboards.queries import runtime as queries
from service import objectives

_GENERATION_LEGEND = "generation {{generation}}"

_RESOURCES = Band(
    7,
    TimeSeries(
        title="CPU by worker",
        unit="percentunit",
        description=(
            "Share of one core. Very uneven: long-lived connections keep all load on one worker."
        ),
        targets=(Target(queries.CPU, WORKER_LEGEND),),
        limits=objectives.CPU_RATIO,
    ),
    TimeSeries(
        title="Memory by worker",
        unit="bytes",
        description=(
            "Resident memory. All rise alike: a leak. Only one: it served a large response."
        ),
        targets=(Target(queries.RESIDENT, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Open files",
        unit="short",
        description="Open files, sockets included. Rising: connections that are never closed.",
        targets=(Target(queries.OPEN_FILES, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Open files, share of the limit",
        unit="percentunit",
        description=(
            "At 100 % no connection can be accepted and no file opened: raise `ulimit -n`, then"
            " find the leak."
        ),
        targets=(Target(queries.OPEN_FILES_SHARE, WORKER_LEGEND),),
        limits=objectives.OPEN_FILES_RATIO,
    ),
)

_PYTHON = Band(
    6,
    TimeSeries(
        title="Threads",
        unit="short",
        description=(
            "Native threads by worker: the hub, its threadpool, the management port, the hub"
            " monitor. Rising: some code starts a thread for each request."
        ),
        targets=(Target(queries.THREADS, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Garbage collections",
        unit="ops",
        description=(
            "Collections by generation. Each one of generation 2 blocks the hub for 30 ms or more."
        ),
        targets=(Target(queries.GC_RUNS, _GENERATION_LEGEND),),
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

SECTION: Final = Section("Why? The process", _RESOURCES, _PYTHON)
