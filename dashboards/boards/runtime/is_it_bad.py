"""First row of the Runtime board: hub, processor, memory, files and uncaught exceptions."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, neutral, rising
from dashboards.queries import runtime as queries
from service import objectives

SECTION: Final = Section(
    "Is it bad?",
    Band(
        4,
        Stat(
            title="Hub lag p99",
            unit="s",
            description=(
                "How long one greenlet kept all others of its worker waiting, over"
                f" {config.NOW}. Over {objectives.HUB_LAG_P99_SECONDS.bad:g} s every user of"
                " that worker notices it: Hub blocked by code, below, names the code."
            ),
            thresholds=rising(objectives.HUB_LAG_P99_SECONDS),
            no_value="no measurements",
            targets=(Target(queries.HUB_LAG_P99_NOW, "p99"),),
        ),
        Stat(
            title="Hub blocked",
            unit="percentunit",
            description=(
                "Share of the time in which the worst worker's hub was blocked for longer than its"
                " threshold. No other greenlet of the worker runs meanwhile."
            ),
            thresholds=rising(objectives.HUB_BLOCKED_RATIO),
            no_value="no worker reports",
            targets=(Target(queries.HUB_BLOCKED_SHARE_NOW, "blocked"),),
        ),
        Stat(
            title="CPU",
            unit="percentunit",
            description=(
                "CPU of the busiest worker, as a share of one core; it cannot use more than one."
                " Near 100 %: add workers, or reduce the work of a request."
            ),
            thresholds=rising(objectives.CPU_RATIO),
            no_value="no worker reports",
            targets=(Target(queries.CPU_NOW, "busiest"),),
        ),
        Stat(
            title="Host memory",
            unit="percentunit",
            description=(
                "Share of the memory in use on the fullest machine. Near 100 % the kernel kills a"
                " process, likely a worker: which worker grew is in the table Workers."
            ),
            thresholds=rising(objectives.MEMORY_RATIO),
            no_value="no worker reports",
            targets=(Target(queries.MACHINE_MEMORY_NOW, "in use"),),
        ),
    ),
    Band(
        4,
        Stat(
            title="Open files",
            unit="percentunit",
            description=(
                "Of the worker that is nearest to its limit. At 100 % it accepts no connection:"
                " raise `ulimit -n`, then find the leak in Open files, below."
            ),
            thresholds=rising(objectives.OPEN_FILES_RATIO),
            no_value="no worker reports",
            targets=(Target(queries.OPEN_FILES_NOW, "open"),),
        ),
        Stat(
            title="Memory used",
            unit="bytes",
            description=(
                "Resident memory of all selected workers. A line that only rises at steady traffic"
                " is a leak: Memory by worker, below, shows whose."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.MEMORY_NOW, "resident"),),
        ),
        Stat(
            title="Memory growth",
            unit="percentunit",
            description=(
                f"Growth of the worker that grew most within {objectives.MEMORY_WINDOW}. Red: a"
                " leak, or a burst of large requests; Workers, below, names it."
            ),
            thresholds=rising(objectives.MEMORY_GROWTH_RATIO),
            no_value="too young",
            targets=(Target(queries.GROWTH_NOW, "most"),),
        ),
    ),
)
