"""First row of the Life cycle board: missing, restarted and draining instances, cut requests."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, at_least, neutral, rising
from dashboards.queries import life_cycle as queries
from dashboards.queries import workers
from service import objectives

_INSTANCES = Stat(
    title="Instances ready",
    unit="short",
    description=(
        "Workers that accept requests, and known ones that do not. Red when one is missing for"
        " longer than a start takes: State of each instance, below, shows which and since when."
    ),
    thresholds=at_least(1),
    legend_thresholds={"missing": rising(config.ANY)},
    no_value="no worker reports",
    targets=(
        Target(workers.READY_COUNT, "ready"),
        Target(workers.MISSING_COUNT, "missing"),
    ),
)

SECTION: Final = Section(
    "Is it bad?",
    Band(
        4,
        _INSTANCES,
        Stat(
            title="Draining",
            unit="short",
            description=(
                "Workers that end their last requests. Not 0 without a roll-out: one got a signal"
                " or a fatal error; Drain duration, below, shows whether it ends."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.DRAINING, "draining"),),
        ),
        Stat(
            title="Restarts",
            unit="short",
            description=(
                f"Workers that were replaced within {objectives.RESTART_WINDOW}: of the instance"
                " with the most, and all. One of each is a roll-out. Red: an instance crashes or is"
                " killed again and again; the arbiter's log lines name the signal or the exit code."
            ),
            thresholds=rising(objectives.RESTARTS),
            legend_thresholds={"all": neutral()},
            no_value="no worker reports",
            targets=(
                Target(workers.RESTARTS_WORST, "worst instance"),
                Target(workers.RESTARTS, "all"),
            ),
            links=(links.lines("Lines of the arbiter", '| scope_name=~"gunicorn.*"'),),
        ),
        Stat(
            title="Cut requests",
            unit="short",
            description=(
                f"Requests within {config.RECENTLY} that the service did not complete: killed,"
                " timed out, or cut by a drain. Not 0: Cut requests by reason below, and their"
                " lines in the log."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no worker reports",
            targets=(Target(queries.CUT_RECENTLY, "cut"),),
        ),
    ),
    Band(
        4,
        Stat(
            title="Exceptions",
            unit="short",
            description=(
                f"Exceptions in greenlets and threads within {config.RECENTLY} that no code"
                " handled. Not 0: Errors in the log, below, has each with its trace."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no worker reports",
            targets=(Target(queries.UNCAUGHT_RECENTLY, "uncaught"),),
        ),
        Stat(
            title="Evidence age",
            unit="s",
            description=(
                "Age of the oldest check of MongoDB. Red: that worker's readiness is stale, so the"
                " load balancer takes it out; its poll hangs or its hub is blocked."
            ),
            thresholds=rising(objectives.EVIDENCE_AGE_SECONDS),
            no_value="no worker reports",
            targets=(Target(workers.EVIDENCE_AGE_WORST, "oldest"),),
            links=(links.board(links.MONGODB, "MongoDB"),),
        ),
        Stat(
            title="Worst clock",
            unit="s",
            description=(
                "How far the clock of an instance is from the scraper's. Red: other instances"
                " refuse its tokens; Instances, below, names it."
            ),
            thresholds=rising(objectives.CLOCK_SKEW_SECONDS),
            no_value="no worker reports",
            targets=(Target(queries.CLOCK_OFFSET_WORST, "worst instance"),),
        ),
    ),
)
