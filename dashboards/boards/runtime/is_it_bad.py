"""First row of the Runtime board: hub, processor, memory, restarts and uncaught exceptions."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, neutral, rising
from dashboards.queries import runtime as queries
from service import objectives

SECTION: Final = Section(
    "Is it bad?",
    Band(
        5,
        Stat(
            title="Hub lag p99",
            unit="s",
            description=(
                "How long one greenlet kept all others of its worker waiting, over"
                f" {config.NOW}. Over {objectives.HUB_LAG_P99_SECONDS.bad:g} s every user of"
                " that worker notices it: Hub blocked by cause, below, names the cause."
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
            title="Memory",
            unit="bytes",
            description=(
                "Resident memory of all selected workers. A line that only rises at steady traffic"
                " is a leak."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.RESIDENT_NOW, "resident"),),
        ),
        Stat(
            title="Restarts",
            unit="short",
            description=(
                f"Workers replaced in the last {config.RECENTLY}. More than a release"
                " explains: they crash or are killed; the arbiter's log has the reason."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no worker reports",
            targets=(Target(queries.RESTARTS, "restarts"),),
        ),
        Stat(
            title="Uncaught exceptions",
            unit="short",
            description=(
                f"Exceptions in greenlets and threads in the last {config.RECENTLY} that no"
                " code handled. Search the log for `uncaught`: each line has its trace id."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no worker reports",
            targets=(Target(queries.UNCAUGHT_RECENTLY, "uncaught"),),
        ),
    ),
)
