"""First row of the Service board: the objectives, and the requests of the last minutes."""

from typing import Final

from dashboards import config, links
from dashboards.boards import common
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, at_least, neutral, rising
from dashboards.queries import service as queries
from dashboards.queries import workers
from service import objectives

SECTION: Final = Section(
    "Is it bad? (for users: probes of the health routes are left out)",
    Band(
        4,
        common.availability_left(),
        common.latency_left(),
        common.burn(),
        Stat(
            title="Failed requests",
            unit="percentunit",
            description=(
                f"Share of requests that got a 5xx or were cut over {config.NOW}, of the selected"
                f" versions, instances and routes. Red from {config.ERROR_RATIO.bad:.0%}: find the"
                " route in Failures by route below, and open its failed traces."
            ),
            thresholds=rising(config.ERROR_RATIO),
            no_value="no requests",
            targets=(Target(queries.FAILED_SHARE_NOW, "failed"),),
        ),
    ),
    Band(
        4,
        common.slow_requests(),
        Stat(
            title="Requests",
            unit="reqps",
            description=(
                "Requests per second. Bad when it drops to 0 at a time of day that has traffic:"
                " then the fault is in front of the service (load balancer, DNS, certificate),"
                " because nothing fails here."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.REQUESTS_NOW, "requests"),),
        ),
        Stat(
            title="Instances ready",
            unit="short",
            description=(
                "Workers that accept requests, and known ones that do not. Red when one is missing"
                " for longer than a start takes: the board Life cycle shows since when, and"
                " `GET /api/v1/health/readiness` on its management port why."
            ),
            thresholds=at_least(1),
            legend_thresholds={"missing": rising(config.BAD_COUNT)},
            no_value="no worker reports",
            targets=(
                Target(workers.READY_COUNT, "ready"),
                Target(workers.MISSING_COUNT, "missing"),
            ),
            links=(links.board(links.LIFE_CYCLE, "Instances and their states"),),
        ),
        Stat(
            title="Refused and slow clients",
            unit="reqps",
            description=(
                "Connections that were refused because there are too many of one address or of a"
                " worker, and clients that were too slow to send a request. Not 0: Unreadable"
                " requests, in Clients and load, has the reasons; the log has the addresses."
            ),
            thresholds=rising(objectives.REFUSED_RATE),
            no_value="no worker reports",
            targets=(
                Target(queries.REFUSED_NOW, "refused"),
                Target(queries.SLOW_CLIENTS_NOW, "too slow"),
            ),
        ),
        common.data_age(),
        columns=(4, 5, 5, 6, 4),
    ),
)
