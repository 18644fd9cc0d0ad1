"""The Home board's tables: which alert, which service, which instance."""

from typing import Final

from dashboards import config, links
from dashboards.boards import common
from dashboards.boards.home import where_next
from dashboards.layout import Band, Section
from dashboards.panels import Column, Table, Target, TimeSeries
from dashboards.queries import budgets, home, workers
from dashboards.queries import service as requests
from service import objectives

_SERVICE_OF_ROW = {
    "service": links.SERVICE_OF_ROW,
    "environment": links.ENVIRONMENT_OF_ROW,
}

_SERVICES = Table(
    title="Services",
    unit="short",
    description=(
        "One row for each service; the one that burns its budget fastest is first. Click it for its"
        " board, with its name filled in."
    ),
    keys={"service_name": "Service", "deployment_environment_name": "Environment"},
    columns=(
        Column("Burn, 1h", "suffix:x", budgets.BURN_BY_SERVICE, objectives.BURN_RATE),
        Column("Failed", "percentunit", requests.FAILED_SHARE_BY_SERVICE, config.ERROR_RATIO),
        Column("Slow", "percentunit", budgets.SLOW_BY_SERVICE, config.SLOW_RATIO),
        Column("p99", "s", requests.P99_BY_SERVICE),
        Column("Requests", "reqps", requests.REQUESTS_BY_SERVICE),
        Column("Availability left", "percentunit", budgets.AVAILABILITY_LEFT_BY_SERVICE),
        Column("Latency left", "percentunit", budgets.LATENCY_LEFT_BY_SERVICE),
        Column("Ready", "short", home.READY_BY_SERVICE),
    ),
    links=(
        links.board(links.SERVICE, "Service", **_SERVICE_OF_ROW),
        links.board(links.LIFE_CYCLE, "Life cycle", **_SERVICE_OF_ROW),
        links.board(links.MEMBERS, "Members", **_SERVICE_OF_ROW),
    ),
)

_INSTANCES = Table(
    title="Instances",
    unit="short",
    description=(
        "Those that do not answer are first, then those that stop, drain or start. Click one for"
        " its life cycle, its hub and process, or its log lines."
    ),
    keys={
        "service_instance_id": "Instance",
        "service_name": "Service",
        "deployment_environment_name": "Environment",
    },
    columns=(
        Column("State", "short", workers.STATES, states=config.STATES),
        Column(
            "Evidence age", "s", workers.EVIDENCE_AGE_BY_WORKER, objectives.EVIDENCE_AGE_SECONDS
        ),
        Column("CPU", "percentunit", workers.CPU_BY_WORKER, objectives.CPU_RATIO),
        Column(
            "Hub blocked",
            "percentunit",
            workers.HUB_BLOCKED_BY_WORKER,
            objectives.HUB_BLOCKED_RATIO,
        ),
        Column("Mean latency", "s", workers.LATENCY_BY_WORKER),
    ),
    descending=False,
    links=(
        links.board(links.LIFE_CYCLE, "Life cycle", instance=links.WORKER_OF_ROW),
        links.board(links.RUNTIME, "Runtime", instance=links.WORKER_OF_ROW),
        links.lines_of_worker(links.WORKER_OF_ROW),
    ),
)

_TREND = Band(
    7,
    TimeSeries(
        title="Failed requests over time",
        unit="percentunit",
        description=(
            "Share of users' requests that failed. The mark of a new version, a drain, an alert or"
            " a fault where it begins is the first suspect."
        ),
        targets=(Target(requests.FAILED_SHARE, "failed"),),
        limits=config.ERROR_RATIO,
        links=(links.board(links.SERVICE, "Service"),),
    ),
    TimeSeries(
        title="Latency over time",
        unit="s",
        description=(
            "Quantiles of users' requests, replies of the companion included, which may take 30 s."
            " When they rise with the traffic: too few workers; when they rise without: a"
            " dependency, board Slow requests."
        ),
        targets=(Target(requests.P50, "p50"), Target(requests.P99, "p99")),
        links=(links.board(links.SLOW_REQUESTS, "Slow requests"),),
    ),
    TimeSeries(
        title="Instances by state",
        unit="short",
        description=(
            "Workers in each state, and those that do not answer. A dip of ready beside a new"
            " version is a roll-out; without one, workers crash."
        ),
        targets=(
            Target(workers.STATE_COUNTS, "{{state}}"),
            Target(workers.NOT_ANSWERING, "no answer"),
        ),
        links=(links.board(links.LIFE_CYCLE, "Life cycle"),),
    ),
)

SECTION: Final = Section(
    "Where? Alerts, services and instances, and which board shows why",
    Band(10, common.alerts_firing(*budgets.ALERT), where_next.BOARDS),
    Band(5, _SERVICES),
    _TREND,
    Band(8, _INSTANCES),
)
