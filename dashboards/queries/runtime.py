"""Queries of the Runtime board: the hub, the process and the machine of the workers.

A graph by worker has the median and the highest of all, and the few workers that were highest in
the time range: it reads alike with 1 and with 200 workers.
"""

from dashboards import logql
from dashboards.config import LINES, NOW, RECENTLY, ROWS
from dashboards.promql import (
    RANGE,
    WORKER,
    buckets,
    highest,
    largest,
    middle,
    or_zero,
    quantile,
    rank_of_counter,
    rank_of_gauge,
    seconds,
    series,
    summed_increase,
    summed_rate,
    total,
    without_nan,
)
from dashboards.queries.workers import READY
from dashboards.worker_promql import rank_of_worker, worker_rate
from service import objectives
from telemetry import names

_BY_WORKER = ("service_name", WORKER)
_CPU_SECONDS = "process_cpu_seconds_total"
_RESIDENT = "process_resident_memory_bytes"
_OPEN_FILES, _MAX_FILES = "process_open_fds", "process_max_fds"


def _highest_gauge(metric: names.Metric | str) -> str:
    return highest(LINES, largest(series(metric), *_BY_WORKER), rank_of_gauge(metric), *_BY_WORKER)


# --- is it bad ------------------------------------------------------------------------------------
HUB_LAG_P99_NOW = without_nan(quantile(0.99, names.HUB_LAG, window=NOW))
HUB_BLOCKED_SHARE_NOW = or_zero(
    largest(total(worker_rate(names.HUB_BLOCKED, NOW), *_BY_WORKER)), READY
)
CPU_NOW = largest(worker_rate(_CPU_SECONDS, NOW))
_GROWTH = f"{series(_RESIDENT)} / ({series(_RESIDENT)} offset {objectives.MEMORY_WINDOW} > 0) - 1"
GROWTH_NOW = largest(_GROWTH)
MEMORY_NOW = total(series(_RESIDENT))
MACHINE_MEMORY_NOW = largest(series(names.SYSTEM_MEMORY_RATIO))
OPEN_FILES_NOW = largest(f"{series(_OPEN_FILES)} / {series(_MAX_FILES)}")

# --- the hub --------------------------------------------------------------------------------------
HUB_LAG_P50 = quantile(0.5, names.HUB_LAG)
HUB_LAG_P95 = quantile(0.95, names.HUB_LAG)
HUB_LAG_P99 = quantile(0.99, names.HUB_LAG)
HUB_LAG_BUCKETS = buckets(names.HUB_LAG)
HUB_BLOCKED = or_zero(summed_rate(names.HUB_BLOCKED, by=("kind",)), READY, "kind")
HUB_BLOCKED_BY_CODE = or_zero(
    highest(
        LINES,
        summed_rate(names.HUB_BLOCKED, by=("code",)),
        rank_of_counter(names.HUB_BLOCKED),
        "code",
    ),
    READY,
    "code",
)
HUB_BLOCKED_BY_WORKER = or_zero(
    highest(
        LINES,
        total(worker_rate(names.HUB_BLOCKED), *_BY_WORKER),
        rank_of_worker(names.HUB_BLOCKED),
        *_BY_WORKER,
    ),
    READY,
    WORKER,
)
GREENLETS = _highest_gauge(names.GREENLETS)
GREENLETS_MEDIAN = middle(series(names.GREENLETS))
HELD_LINES = logql.lines('|= "hub held for "', level="WARNING")

# --- the process ----------------------------------------------------------------------------------
CPU_TOTAL = summed_rate(_CPU_SECONDS)
CPU_MEDIAN = middle(worker_rate(_CPU_SECONDS))
CPU = highest(
    LINES, total(worker_rate(_CPU_SECONDS), *_BY_WORKER), rank_of_worker(_CPU_SECONDS), *_BY_WORKER
)
RESIDENT = _highest_gauge(_RESIDENT)
RESIDENT_MEDIAN = middle(series(_RESIDENT))
OPEN_FILES = _highest_gauge(_OPEN_FILES)
OPEN_FILES_MEDIAN = middle(series(_OPEN_FILES))
THREADS = _highest_gauge(names.PROCESS_THREADS)
THREADS_MEDIAN = middle(series(names.PROCESS_THREADS))
GC_RUNS = summed_rate("python_gc_collections_total", by=("generation",))
GC_SECONDS = summed_rate(names.REQUEST_PHASE, 'phase="gc"')
GC_COLLECTED = summed_rate("python_gc_objects_collected_total", by=("generation",))
GC_UNCOLLECTABLE = summed_increase("python_gc_objects_uncollectable_total", by=("generation",))

# --- one row a worker -----------------------------------------------------------------------------
WORKER_CPU = f"topk({ROWS}, {total(worker_rate(_CPU_SECONDS, NOW), *_BY_WORKER)})"
WORKER_BLOCKED = (
    f"{total(worker_rate(names.HUB_BLOCKED, RANGE), *_BY_WORKER)} * {seconds(RANGE)} > 0"
)
WORKER_MEMORY = largest(series(_RESIDENT), *_BY_WORKER)
WORKER_GROWTH = largest(_GROWTH, *_BY_WORKER)
WORKER_GREENLETS = largest(series(names.GREENLETS), *_BY_WORKER)
WORKER_THREADS = largest(series(names.PROCESS_THREADS), *_BY_WORKER)
WORKER_FILES = largest(f"{series(_OPEN_FILES)} / {series(_MAX_FILES)}", *_BY_WORKER)
WORKER_UPTIME = f"time() - {largest(series('process_start_time_seconds'), *_BY_WORKER)}"

# --- the machines: the workers of one report the same values --------------------------------------
MACHINE_CPU = largest(series(names.SYSTEM_CPU_RATIO))
MACHINE_CPU_MEDIAN = middle(series(names.SYSTEM_CPU_RATIO))
MACHINE_MEMORY = largest(series(names.SYSTEM_MEMORY_RATIO))
MACHINE_MEMORY_MEDIAN = middle(series(names.SYSTEM_MEMORY_RATIO))
MACHINE_MEMORY_BYTES = largest(series(names.SYSTEM_MEMORY_BYTES), "state")
LOAD = largest(series(names.SYSTEM_LOAD), "period")
PROCESSORS = largest(series(names.SYSTEM_CPU_COUNT))
UNCAUGHT_RECENTLY = or_zero(summed_increase(names.UNCAUGHT_EXCEPTIONS, window=RECENTLY), READY)
