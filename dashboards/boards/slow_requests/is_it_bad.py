"""First row of the Slow requests board: how many are slow, and what most of their time is."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, neutral, rising
from dashboards.queries import slow_requests as queries
from service import objectives
from service.objectives import Limits

SECTION: Final = Section(
    "Is it bad? (the last minutes, for users: probes of the health routes are left out)",
    Band(
        5,
        Stat(
            title="Slow requests",
            unit="percentunit",
            description=(
                f"Share of requests over their threshold, over {config.NOW}. Red: Slow requests by"
                " dominant phase, below, shows what they wait for."
            ),
            thresholds=rising(Limits(objectives.LATENCY.budget / 2, objectives.LATENCY.budget)),
            no_value="no requests",
            targets=(Target(queries.SLOW_SHARE_NOW, "slow"),),
        ),
        Stat(
            title="Slow, recently",
            unit="short",
            description=(
                f"Slow requests in the last {config.RECENTLY}: a single one of a quiet service is"
                " seen here. Its trace is in the table Slow traces."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.SLOW_RECENTLY, "slow"),),
        ),
        Stat(
            title="Latency p99",
            unit="s",
            description=(
                "One request in a hundred takes longer. It has no limit, for it is of routes of"
                " every class; the share of slow requests has. Where the time goes, below, shows"
                " the phase that has grown with it."
            ),
            thresholds=neutral(),
            no_value="no requests",
            targets=(Target(queries.P99_NOW, "p99"),),
        ),
        Stat(
            title="Waiting for hub",
            unit="percentunit",
            description=(
                "Share of all requests' time in hub_wait and queue: they could have run, and others"
                " did. Red: Code that held the hub, below, names the code to move to a thread."
            ),
            thresholds=rising(objectives.HUB_WAIT_RATIO),
            no_value="no requests",
            targets=(Target(queries.HUB_SHARE_NOW, "share"),),
        ),
        Stat(
            title="Waiting for DB",
            unit="percentunit",
            description=(
                "Share of all requests' time in db, db_pool_wait and db_connect. It is no fault by"
                " itself; when it grows with the latency: Slow commands below, then board MongoDB."
            ),
            thresholds=neutral(),
            no_value="no requests",
            targets=(Target(queries.DATABASE_SHARE_NOW, "share"),),
        ),
        Stat(
            title="Slow queries",
            unit="short",
            description=(
                f"MongoDB commands of the last {config.RECENTLY} that kept waiting for the server"
                " past the threshold. The table Slow shapes, below, has the query and its plan."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.SLOW_COMMANDS_RECENTLY, "slow"),),
        ),
    ),
)
