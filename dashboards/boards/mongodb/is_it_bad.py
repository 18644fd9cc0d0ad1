"""First row of the MongoDB board: is it reachable, fast, and is a connection free."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, at_least, rising
from dashboards.queries import mongodb as queries
from service import objectives

SECTION: Final = Section(
    "Is it bad?",
    Band(
        5,
        Stat(
            title="Up",
            unit="bool_yes_no",
            description=(
                "Whether the last poll of MongoDB succeeded in every worker. If not: does the"
                " server run, and can the worker reach it? `GET /api/v1/health` has the error."
            ),
            thresholds=at_least(1),
            no_value="no worker reports",
            targets=(Target(queries.UP, "up"),),
        ),
        Stat(
            title="Ping",
            unit="s",
            description=(
                "Round-trip time of the slowest worker's last ping. High with few operations: the"
                " network or the server's machine."
            ),
            thresholds=rising(objectives.PING_SECONDS),
            no_value="no ping",
            targets=(Target(queries.PING, "ping"),),
        ),
        Stat(
            title="Age of last poll",
            unit="s",
            description=(
                "Time since the oldest worker's last poll of MongoDB. Over three intervals it is"
                " stale and readiness is 503: the poll hangs, or that worker's hub is blocked."
            ),
            thresholds=rising(objectives.EVIDENCE_AGE_SECONDS),
            no_value="no poll yet",
            targets=(Target(queries.EVIDENCE_AGE, "age"),),
        ),
        Stat(
            title="Pool in use",
            unit="percentunit",
            description=(
                "Connections checked out of the fullest pool, as a share of its maximum. Near"
                " 100 % requests queue: see Operation latency below for what holds connections."
            ),
            thresholds=rising(objectives.POOL_USE_RATIO),
            no_value="no pool",
            targets=(Target(queries.POOL_USE_SHARE, "in use"),),
        ),
        Stat(
            title="Pool waiters",
            unit="short",
            description=(
                "Greenlets that wait for a connection now, of all selected workers. More than a"
                " few: the pool is the bottleneck, see Waiting for a connection, by worker."
            ),
            thresholds=rising(objectives.POOL_WAITERS),
            no_value="no pool",
            targets=(Target(queries.PENDING_NOW, "waiting"),),
        ),
        Stat(
            title="Failures",
            unit="percentunit",
            description=(
                f"Share of commands that failed over {config.NOW}; that a key is taken is an"
                " answer. See Failures by type for the commands and their errors."
            ),
            thresholds=rising(config.ERROR_RATIO),
            no_value="no operations",
            targets=(Target(queries.ERROR_SHARE_NOW, "failed"),),
        ),
    ),
)
