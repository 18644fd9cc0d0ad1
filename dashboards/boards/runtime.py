"""The Runtime board.

The hub that all requests of a worker share, its process, the machine, the life cycle.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import config, layout
from dashboards.heads import runtime as heads
from dashboards.layout import Band, Section
from dashboards.panels import (
    Series,
    distribution,
    lines,
    number,
    plain,
    rising,
    stacked,
    timeline,
    with_limit,
)
from dashboards.queries import runtime as ask

_WORKER = "worker {{service_instance_id}}"


def board() -> Dashboard:
    """The whole board."""
    description = (
        "Is it the worker itself: its hub, its process, its machine, or is it coming and going?"
    )
    return layout.board(
        "serene-runtime",
        "Runtime",
        description,
        (_bad(), _lifecycle(), _hub(), _process(), _machine()),
    )


def _bad() -> Section:
    return Section(
        "Is it bad?",
        (
            Band(
                5,
                (
                    number(
                        heads.BAD_LAG,
                        rising(config.HUB_LAG_P99_SECONDS),
                        "nothing measured",
                        Series(ask.HUB_LAG_P99_NOW, "p99"),
                    ),
                    number(
                        heads.BAD_BLOCKED,
                        rising(config.HUB_BLOCKED_SHARE),
                        "nobody reports",
                        Series(ask.HUB_BLOCKED_SHARE_NOW, "held"),
                    ),
                    number(
                        heads.BAD_CPU,
                        rising(config.CPU_SHARE),
                        "nobody reports",
                        Series(ask.CPU_NOW, "busiest"),
                    ),
                    number(
                        heads.BAD_MEMORY,
                        plain(),
                        "nobody reports",
                        Series(ask.RESIDENT_NOW, "resident"),
                    ),
                    number(
                        heads.BAD_RESTARTS,
                        rising(config.COUNT_OF_BAD),
                        "nobody reports",
                        Series(ask.RESTARTS, "restarts"),
                    ),
                    number(
                        heads.BAD_UNCAUGHT,
                        rising(config.COUNT_OF_BAD),
                        "nobody reports",
                        Series(ask.UNCAUGHT_RECENTLY, "uncaught"),
                    ),
                ),
            ),
        ),
    )


def _lifecycle() -> Section:
    return Section(
        "Is it coming and going?",
        (
            Band(
                7,
                (
                    timeline(heads.LIFECYCLE_STATES, ask.STATES, _WORKER, config.STATES),
                    lines(heads.LIFECYCLE_UPTIME, Series(ask.UPTIME, _WORKER)),
                    lines(heads.LIFECYCLE_STARTS, Series(ask.STARTS, _WORKER)),
                ),
            ),
            Band(
                6,
                (
                    lines(heads.LIFECYCLE_FLIGHT, Series(ask.DRAIN_IN_FLIGHT, _WORKER)),
                    lines(heads.LIFECYCLE_SECONDS, Series(ask.DRAIN_SECONDS, _WORKER)),
                    lines(heads.LIFECYCLE_REJECTED, Series(ask.DRAIN_REJECTED, _WORKER)),
                    lines(
                        heads.LIFECYCLE_UNCAUGHT, Series(ask.UNCAUGHT, "{{where}} fatal={{fatal}}")
                    ),
                ),
            ),
        ),
    )


def _hub() -> Section:
    return Section(
        "Why? The hub",
        (
            Band(
                8,
                (
                    with_limit(
                        lines(
                            heads.HUB_LAG,
                            Series(ask.HUB_LAG_P50, "p50"),
                            Series(ask.HUB_LAG_P95, "p95"),
                            Series(ask.HUB_LAG_P99, "p99"),
                        ),
                        config.HUB_LAG_P99_SECONDS,
                    ),
                    distribution(heads.HUB_HEAT, ask.HUB_LAG_BUCKETS),
                    stacked(heads.HUB_BLAME, Series(ask.HUB_BLOCKED, "{{blame}}")),
                    lines(heads.HUB_GREENLETS, Series(ask.GREENLETS, _WORKER)),
                ),
            ),
        ),
    )


def _process() -> Section:
    return Section(
        "Why? The process",
        (
            Band(
                7,
                (
                    with_limit(
                        lines(heads.PROCESS_CPU, Series(ask.CPU, _WORKER)), config.CPU_SHARE
                    ),
                    lines(heads.PROCESS_MEMORY, Series(ask.RESIDENT, _WORKER)),
                    lines(heads.PROCESS_FILES, Series(ask.OPEN_FILES, _WORKER)),
                    with_limit(
                        lines(heads.PROCESS_SHARE, Series(ask.OPEN_FILES_SHARE, _WORKER)),
                        config.FILES_SHARE,
                    ),
                ),
            ),
            Band(
                6,
                (
                    lines(heads.PROCESS_THREADS, Series(ask.THREADS, _WORKER)),
                    lines(heads.PROCESS_RUNS, Series(ask.GC_RUNS, "generation {{generation}}")),
                    lines(heads.PROCESS_FREED, Series(ask.GC_FREED, "generation {{generation}}")),
                    lines(heads.PROCESS_STUCK, Series(ask.GC_STUCK, "generation {{generation}}")),
                ),
            ),
        ),
    )


def _machine() -> Section:
    return Section(
        "Why? The machine",
        (
            Band(
                7,
                (
                    with_limit(
                        lines(heads.MACHINE_CPU, Series(ask.MACHINE_CPU, "in use")),
                        config.CPU_SHARE,
                    ),
                    with_limit(
                        lines(heads.MACHINE_MEMORY, Series(ask.MACHINE_MEMORY, "in use")),
                        config.MEMORY_SHARE,
                    ),
                    lines(heads.MACHINE_PARTS, Series(ask.MACHINE_MEMORY_BYTES, "{{state}}")),
                    lines(
                        heads.MACHINE_LOAD,
                        Series(ask.LOAD, "{{period}}"),
                        Series(ask.PROCESSORS, "processors"),
                    ),
                ),
            ),
        ),
    )
