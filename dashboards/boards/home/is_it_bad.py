"""First rows of the Home board: what users get, and what it depends on; red is wrong now."""

from typing import Final

from dashboards import config, links
from dashboards.boards import common
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, rising
from dashboards.queries import budgets, home, telemetry_pipeline, workers
from dashboards.queries import service as requests
from service import objectives

_USERS = Band(
    4,
    Stat(
        title="Alerts",
        unit="short",
        description=(
            "Alerts that fire, by severity. `page` needs a person now: Alerts that fire, below,"
            " names it; its runbook in docs/runbooks is the way on."
        ),
        thresholds=rising(config.BAD_COUNT),
        legend_thresholds={"page": rising(config.ANY)},
        no_value="rules are not evaluated",
        targets=(
            Target(budgets.firing("page"), "page"),
            Target(budgets.firing("ticket"), "ticket"),
        ),
    ),
    common.availability_left(),
    common.latency_left(),
    common.burn(),
    Stat(
        title="Failed requests",
        unit="percentunit",
        description=(
            f"Share of users' requests that got a 5xx or were cut over {config.NOW}. Red: the board"
            " Service names the route and the instance."
        ),
        thresholds=rising(config.ERROR_RATIO),
        no_value="no requests",
        targets=(Target(requests.FAILED_SHARE_NOW, "failed"),),
        links=(links.board(links.SERVICE, "Service"),),
    ),
    common.slow_requests(),
)

_CAUSES = Band(
    4,
    Stat(
        title="Not ready",
        unit="short",
        description=(
            "Workers that do not answer or are not ready. Red for longer than a start takes: the"
            " board Life cycle shows which, and since when."
        ),
        thresholds=rising(config.ANY),
        no_value="no worker reports",
        targets=(Target(workers.MISSING_COUNT, "missing"),),
        links=(links.board(links.LIFE_CYCLE, "Life cycle"),),
    ),
    Stat(
        title="Database",
        unit="short",
        description=(
            "Workers whose last check of MongoDB failed, or is too old to prove anything. Red: the"
            " board MongoDB; requests that need it get 503."
        ),
        thresholds=rising(config.ANY),
        no_value="no worker reports",
        targets=(
            Target(home.DATABASE_DOWN, "without"),
            Target(home.DATABASE_STALE, "stale"),
        ),
        links=(links.board(links.MONGODB, "MongoDB"),),
    ),
    Stat(
        title="Pool in use",
        unit="percentunit",
        description=(
            "Use of the fullest connection pool. Red: requests wait for a connection; the board"
            " MongoDB shows whether commands are slow or the pool is small."
        ),
        thresholds=rising(objectives.POOL_USE_RATIO),
        no_value="no worker reports",
        targets=(Target(home.POOL_USE, "fullest"),),
        links=(links.board(links.MONGODB, "MongoDB"),),
    ),
    Stat(
        title="Hub blocked",
        unit="percentunit",
        description=(
            "Share of the time in which the worst worker's hub was held, so that no other request"
            " of it ran. Red: the board Runtime names the code."
        ),
        thresholds=rising(objectives.HUB_BLOCKED_RATIO),
        no_value="no worker reports",
        targets=(Target(home.HUB_BLOCKED, "worst"),),
        links=(links.board(links.RUNTIME, "Runtime"),),
    ),
    Stat(
        title="Telemetry lost",
        unit="short",
        description=(
            "Spans, log lines and metric samples of the last hour that were made and will never be"
            " stored, of all services. Not 0: boards and traces have gaps; the board Telemetry"
            " pipeline shows the hop and the reason."
        ),
        thresholds=rising(config.BAD_COUNT),
        no_value="no Collector",
        targets=(Target(telemetry_pipeline.LOST, "lost"),),
        links=(links.board(links.TELEMETRY, "Telemetry pipeline"),),
    ),
    common.data_age(),
)

SECTION: Final = Section("Is it bad? What is wrong now", _USERS, _CAUSES)
