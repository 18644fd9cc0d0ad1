"""Queries of the Runtime board: the hub, the process, the machine, and the workers' life cycle."""

from dashboards import config
from dashboards.promql import (
    WORKER,
    buckets,
    increase,
    largest,
    or_zero,
    quantile,
    rate,
    series,
    total,
    without_nan,
)
from dashboards.queries.workers import READY
from telemetry import names

_NOW = config.NOW

TOP_CODES = 10

# --- is it bad ------------------------------------------------------------------------------------
HUB_LAG_P99_NOW = without_nan(quantile(0.99, names.HUB_LAG, window=_NOW))
HUB_BLOCKED_SHARE_NOW = or_zero(largest(total(rate(names.HUB_BLOCKED, window=_NOW), WORKER)), READY)
CPU_NOW = largest(rate("process_cpu_seconds_total", window=_NOW))
RESIDENT_NOW = total(series("process_resident_memory_bytes"))
RESTARTS = total(f"changes({series('process_start_time_seconds')}[{config.RECENTLY}])")
UNCAUGHT_RECENTLY = or_zero(
    total(increase(names.UNCAUGHT_EXCEPTIONS, window=config.RECENTLY)), READY
)

# --- the hub --------------------------------------------------------------------------------------
HUB_LAG_P50 = quantile(0.5, names.HUB_LAG)
HUB_LAG_P95 = quantile(0.95, names.HUB_LAG)
HUB_LAG_P99 = quantile(0.99, names.HUB_LAG)
HUB_LAG_BUCKETS = buckets(names.HUB_LAG)
HUB_BLOCKED = or_zero(total(rate(names.HUB_BLOCKED), "kind"), READY, "kind")
HUB_BLOCKED_BY_CODE = or_zero(
    f"topk({TOP_CODES}, {total(rate(names.HUB_BLOCKED), 'code')} > 0)", READY, "code"
)
GREENLETS = largest(series(names.GREENLETS), WORKER)

# --- the process ----------------------------------------------------------------------------------
CPU = total(rate("process_cpu_seconds_total"), WORKER)
RESIDENT = total(series("process_resident_memory_bytes"), WORKER)
OPEN_FILES = total(series("process_open_fds"), WORKER)
OPEN_FILES_SHARE = largest(f"{series('process_open_fds')} / {series('process_max_fds')}", WORKER)
THREADS = total(series(names.PROCESS_THREADS), WORKER)
GC_RUNS = total(rate("python_gc_collections_total"), "generation")
GC_COLLECTED = total(rate("python_gc_objects_collected_total"), "generation")
GC_UNCOLLECTABLE = total(increase("python_gc_objects_uncollectable_total"), "generation")

# --- the machine: every worker reports the same values --------------------------------------------
MACHINE_CPU = largest(series(names.SYSTEM_CPU_RATIO))
MACHINE_MEMORY = largest(series(names.SYSTEM_MEMORY_RATIO))
MACHINE_MEMORY_BYTES = largest(series(names.SYSTEM_MEMORY_BYTES), "state")
LOAD = largest(series(names.SYSTEM_LOAD), "period")
PROCESSORS = largest(series(names.SYSTEM_CPU_COUNT))
