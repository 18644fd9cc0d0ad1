"""The Slow requests board: from a route to the phase, code or command that is to blame."""

from typing import Final

from dashboards import links
from dashboards.boards.slow_requests import commands, culprits, is_it_bad, traces, where
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.SLOW_REQUESTS,
    title="Slow requests",
    description=(
        "Why are requests slow: in which phase, by whose code, in which database command? And the"
        " traces, lines and records of single ones."
    ),
    sections=(
        is_it_bad.SECTION,
        where.SECTION,
        culprits.SECTION,
        traces.SECTION,
        commands.SECTION,
    ),
)
