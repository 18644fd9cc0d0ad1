"""The Life cycle board's instances and versions: which one, and since when."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import (
    WORKER_LEGEND,
    Column,
    StackedTimeSeries,
    StateTimeline,
    Table,
    Target,
    TimeSeries,
)
from dashboards.queries import life_cycle as queries
from dashboards.queries import service as requests
from dashboards.queries import workers
from service import objectives

SECTION: Final = Section(
    "Where? Instances",
    Band(
        9,
        StateTimeline(
            title="State of each instance",
            unit="short",
            description=(
                f"The {config.ROWS} instances that were ready for the shortest time. Red: the"
                " management port does not answer, so the worker is gone or its process is stopped."
                " Draining for longer than half a minute: requests do not end, see the drains"
                " below."
            ),
            target=Target(workers.STATES_OF_LEAST_READY, WORKER_LEGEND),
            states=config.STATES,
        ),
        TimeSeries(
            title="Instances by state",
            unit="short",
            description=(
                "Workers in each state, and those that do not answer. ready falls and comes back"
                " beside a new version: a roll-out. It stays low: workers do not start, see their"
                " log lines."
            ),
            targets=(
                Target(workers.STATE_COUNTS, "{{state}}"),
                Target(workers.NOT_ANSWERING, "no answer"),
            ),
        ),
    ),
    Band(
        8,
        Table(
            title="Instances",
            unit="short",
            description=(
                "The one that started last is first; a restart that no release explains is a crash."
                " Click one to select only it, or for its log lines."
            ),
            keys={
                "service_instance_id": "Instance",
                "service_version": "Version",
                "service_name": "Service",
                "deployment_environment_name": "Environment",
            },
            columns=(
                Column("Runs for", "s", workers.UPTIME),
                Column("Restarts, 1h", "short", workers.RESTARTS_BY_WORKER),
                Column(
                    "Evidence age",
                    "s",
                    workers.EVIDENCE_AGE_BY_WORKER,
                    objectives.EVIDENCE_AGE_SECONDS,
                ),
                Column(
                    "Clock offset",
                    "s",
                    queries.CLOCK_OFFSET_BY_WORKER,
                    objectives.CLOCK_SKEW_SECONDS,
                ),
            ),
            descending=False,
            links=(
                links.board(links.LIFE_CYCLE, "Only this instance", instance=links.WORKER_OF_ROW),
                links.board(links.RUNTIME, "Its hub and process", instance=links.WORKER_OF_ROW),
                links.lines_of_worker(links.WORKER_OF_ROW),
            ),
        ),
    ),
    Band(
        7,
        TimeSeries(
            title="Starts",
            unit="short",
            description=(
                f"Workers that were replaced within {config.NOW}, by service. As many as there are"
                " instances, once: a release. A few again and again: a crash loop."
            ),
            targets=(Target(workers.STARTS, "{{service_name}}"),),
        ),
        TimeSeries(
            title="Age of health evidence",
            unit="s",
            description=(
                "Of the checks of MongoDB: the oldest and the median one. A saw-tooth is normal; a"
                " line that only rises is a poll that hangs."
            ),
            targets=(
                Target(workers.EVIDENCE_AGE_WORST, "oldest"),
                Target(workers.EVIDENCE_AGE_MIDDLE, "median"),
            ),
            limits=objectives.EVIDENCE_AGE_SECONDS,
        ),
        TimeSeries(
            title="Clock offset",
            unit="s",
            description=(
                "How far the clocks of instances are from the scraper's: the worst one and the"
                " median. Only the worst rises: Instances, above, names it; other instances refuse"
                " its tokens, and its traces and lines are out of order. Both rise: the scraper's"
                " own clock is wrong."
            ),
            targets=(
                Target(queries.CLOCK_OFFSET_WORST, "worst instance"),
                Target(queries.CLOCK_OFFSET_MEDIAN, "median"),
            ),
            limits=objectives.CLOCK_SKEW_SECONDS,
        ),
    ),
)

VERSIONS: Final = Section(
    "Is it the new version?",
    Band(
        9,
        StackedTimeSeries(
            title="Instances by version",
            unit="short",
            description=(
                "Workers of each version over time: how far a roll-out has come. Two versions that"
                " stay: it is stuck; the youngest instances above do not become ready."
            ),
            targets=(Target(queries.WORKERS_BY_VERSION, "{{service_version}}"),),
        ),
        TimeSeries(
            title="Failed requests by version",
            unit="percentunit",
            description=(
                "Share of failed requests of each version. Only the new one fails: roll it back."
                " All fail: it is not the version."
            ),
            targets=(Target(requests.VERSION_FAILED_SHARE, "{{service_version}}"),),
            limits=config.ERROR_RATIO,
        ),
        TimeSeries(
            title="Latency p99 by version",
            unit="s",
            description=(
                "Of each version; a new one is slow for its first minute, while its connections"
                " open. It stays above the old one: the release is slower, roll it back."
            ),
            targets=(Target(requests.VERSION_P99, "{{service_version}}"),),
        ),
    ),
    Band(
        7,
        Table(
            title="Running versions",
            unit="short",
            description=(
                "Each version with its workers, its age and how it serves now. Trouble that began"
                " when one started comes from that release."
            ),
            keys={
                "service_version": "Version",
                "service_name": "Service",
                "deployment_environment_name": "Environment",
            },
            columns=(
                Column("Runs for", "s", queries.VERSION_AGE),
                Column("Instances", "short", queries.VERSION_WORKERS),
                Column(
                    "Failed", "percentunit", requests.VERSION_FAILED_SHARE_NOW, config.ERROR_RATIO
                ),
                Column("p99", "s", requests.VERSION_P99_NOW),
            ),
            descending=False,
        ),
        TimeSeries(
            title="Instances by version of Python",
            unit="short",
            description=(
                "Workers by the service's version and the interpreter's. Trouble on one"
                " interpreter only: the image, not the release."
            ),
            targets=(Target(queries.PYTHON_VERSIONS, "{{service_version}}, Python {{version}}"),),
        ),
        columns=(16, 8),
    ),
)
