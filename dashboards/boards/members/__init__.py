"""The Members board: whether members can book, pay, chat and store files; if not, what fails."""

from typing import Final

from dashboards.boards import telemetry_health
from dashboards.boards.members import is_it_bad, where, why
from dashboards.layout import Board

BOARD: Final = Board(
    uid="serene-members",
    title="Members",
    description=(
        "Can members book, pay, chat with the companion and store files? If not: what fails, in"
        " this service or in one that it calls?"
    ),
    sections=(is_it_bad.SECTION, where.SECTION, why.SECTION, telemetry_health.SECTION),
)
