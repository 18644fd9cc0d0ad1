"""The Home board's signpost: from what is red to the board that shows why."""

from typing import Final

from dashboards import links
from dashboards.panels import Text

_NEXT: Final = (
    (links.SERVICE, "Service", "requests fail or are slow: which route, which instance"),
    (links.SLOW_REQUESTS, "Slow requests", "what they wait for, with their traces and culprits"),
    (links.MONGODB, "MongoDB", "the database does not answer, is slow, or has no free connection"),
    (links.RUNTIME, "Runtime", "a hub is blocked, a processor is busy, memory grows"),
    (links.LIFE_CYCLE, "Life cycle", "instances are missing, restart, drain; a new version is out"),
    (links.MEMBERS, "Members", "logins, bookings, payments, the companion or uploads fail"),
    (links.TELEMETRY, "Telemetry pipeline", "data are old, or spans and lines are lost"),
)


def _row(uid: str, title: str, when: str) -> str:
    return f"| [{title}]({links.board(uid, title).build().url}) | {when} |"


_TABLE = "\n".join(
    [
        "| Board | When |",
        "|---|---|",
        *(_row(*one) for one in _NEXT),
        "",
        "With a customer's request id: `./serene trace ID`. Each alert has a runbook in"
        " `docs/runbooks`.",
    ]
)

BOARDS: Final = Text(
    title="Where next?",
    description="Each board with the symptoms that it explains; links keep the selection.",
    content=_TABLE,
)
