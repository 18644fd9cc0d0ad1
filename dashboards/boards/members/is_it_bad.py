"""First row of the Members board: the services that members' requests depend on."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, neutral, rising
from dashboards.queries import members as queries
from service import objectives

SECTION: Final = Section(
    "Is it bad? (the last minutes, for members)",
    Band(
        4,
        Stat(
            title="Failed payment calls",
            unit="percentunit",
            description=(
                f"Share of calls to the payment provider over {config.NOW} that had no answer or an"
                " invalid one; a declined card is not counted. Red: check Payments below and the"
                " provider's status page. The recovery pass settles each of these payments later."
            ),
            thresholds=rising(objectives.PAYMENT_FAILED_RATIO),
            no_value="no payments",
            targets=(Target(queries.PAYMENTS_FAILED_NOW, "failed"),),
        ),
        Stat(
            title="Failed refunds",
            unit="short",
            description=(
                f"Refunds that the provider failed or canceled within {config.RECENTLY}: the"
                " members have not got their money back. Not 0: the log names each, and a person"
                " pays it back in another way."
            ),
            thresholds=rising(config.ANY),
            no_value="no worker reports",
            targets=(Target(queries.REFUNDS_FAILED_RECENTLY, "failed"),),
            links=(links.lines("Lines of refunds", '|= "refund"', level="WARNING|ERROR"),),
        ),
        Stat(
            title="Unanswered messages",
            unit="percentunit",
            description=(
                f"Share of messages to the companion over {config.NOW} that timed out, failed, or"
                " were refused because the model is down. Red: see Companion answers by result"
                " below. Members who may be in danger get the help lines in any case."
            ),
            thresholds=rising(objectives.COMPANION_FAILED_RATIO),
            no_value="no messages",
            targets=(Target(queries.COMPANION_FAILED_NOW, "failed"),),
        ),
        Stat(
            title="Time to first text, p95",
            unit="s",
            description=(
                "One reply in twenty begins later. It depends on the model, not on this service:"
                " open a dot of the distribution below as a trace."
            ),
            thresholds=rising(objectives.COMPANION_P95_SECONDS),
            no_value="no messages",
            targets=(Target(queries.FIRST_CHUNK_P95_NOW, "p95"),),
        ),
    ),
    Band(
        4,
        Stat(
            title="Open circuits",
            unit="short",
            description=(
                "Workers that do not call the model because it failed several times in a row. They"
                " retry on their own; the log has the time of the change."
            ),
            thresholds=rising(config.ANY),
            no_value="no worker reports",
            targets=(Target(queries.CIRCUITS_OPEN, "open"),),
        ),
        Stat(
            title="Failed uploads",
            unit="percentunit",
            description=(
                f"Share of uploads over {config.NOW} that failed in the service or took too long."
                " Red: the database is full or slow, board MongoDB."
            ),
            thresholds=rising(objectives.EXTERNAL_FAILED_RATIO),
            no_value="no uploads",
            targets=(Target(queries.UPLOADS_FAILED_NOW, "failed"),),
            links=(links.board(links.MONGODB, "MongoDB"),),
        ),
        Stat(
            title="Rate-limited requests",
            unit="reqps",
            description=(
                "Requests over the limit of their account or address. A jump: one client in a loop,"
                " or limits that are too low; Rate-limited requests by group, below, names it."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.RATE_LIMITED_NOW, "limited"),),
        ),
        Stat(
            title="Not counted by Redis",
            unit="reqps",
            description=(
                "Requests that a worker counted in its own memory because Redis did not count. Not"
                " 0: limits apply to each worker separately; the health report names the reason."
            ),
            thresholds=rising(config.RARE_RATE),
            no_value="no worker reports",
            targets=(Target(queries.FALLBACKS_NOW, "requests"),),
        ),
        Stat(
            title="Failed by MongoDB",
            unit="reqps",
            description=(
                "Requests that ended with an error of MongoDB. Not 0: Requests that MongoDB failed,"
                " below, shows the kind, and the board MongoDB the server."
            ),
            thresholds=rising(config.RARE_RATE),
            no_value="no worker reports",
            targets=(Target(queries.DATABASE_FAILURES_NOW, "failed"),),
            links=(links.board(links.MONGODB, "MongoDB"),),
        ),
        columns=(4, 4, 5, 6, 5),
    ),
)
