"""First row of the Telemetry pipeline board: what was lost, and what will be."""

from typing import Final

from dashboards import config, telemetry_lost
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, rising
from dashboards.queries import telemetry_pipeline as queries
from service import objectives
from service.objectives import Limits

QUEUE_FULL: Final = Limits(0.5, 0.9)

SECTION: Final = Section(
    "Is it bad?",
    Band(
        5,
        Stat(
            title="Lost, last hour",
            unit="short",
            description=(
                "Spans, log lines and metric samples that were made and will never be stored, of"
                " all services, counted one by one. Other boards are wrong by as much. Red: the"
                " table What was lost, below, has hop and reason. Not in it: what a process had"
                f" in memory when it was killed, below {telemetry_lost.SLACK_SECONDS} s of spans."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no Collector",
            targets=(Target(queries.LOST, "lost"),),
        ),
        Stat(
            title="Not exported",
            unit="short",
            description=(
                "Workers whose spans the receiver does not take. Red: the address, its certificate"
                " or its rights; Problems of the export, below, has the reason, and the health"
                " report's member trace_export the setting."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no worker reports",
            targets=(Target(queries.NOT_TAKEN, "workers"),),
        ),
        Stat(
            title="Fullest queue",
            unit="percentunit",
            description=(
                "Of the Collector's queues to Tempo, Prometheus and Loki, as a share of the"
                " capacity. At 100 % what is new is dropped: repair the backend behind it, Queues"
                " of the Collector shows which."
            ),
            thresholds=rising(QUEUE_FULL),
            no_value="no Collector",
            targets=(Target(queries.COLLECTOR_QUEUE, "full"),),
        ),
        Stat(
            title="Not scraped",
            unit="short",
            description=(
                "Workers whose last scrape failed: their numbers on every board stand still. Red:"
                " does the worker run, does its management port answer? Board Life cycle shows"
                " since when."
            ),
            thresholds=rising(config.BAD_COUNT),
            no_value="no worker is known",
            targets=(Target(queries.SCRAPES_FAIL, "not scraped"),),
        ),
        Stat(
            title="Age of samples",
            unit="s",
            description=(
                "Time since the oldest worker's newest sample. Boards show it as if it were now."
                " Red: the Collector, or its way to Prometheus."
            ),
            thresholds=rising(objectives.SCRAPE_AGE_SECONDS),
            no_value="no samples",
            targets=(Target(queries.SAMPLE_AGE, "age"),),
        ),
        Stat(
            title="Backends down",
            unit="short",
            description=(
                "Of the Collector, Tempo, Loki and Prometheus: how many do not answer the scrape."
                " Red: Backends that answer, below, shows which and since when."
            ),
            thresholds=rising(config.ANY),
            no_value="no Collector",
            targets=(Target(queries.BACKENDS_DOWN, "down"),),
        ),
    ),
)
