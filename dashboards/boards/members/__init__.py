"""The Members board: whether members can book, pay, chat and store files; if not, what fails."""

from typing import Final

from dashboards import links
from dashboards.boards.members import companion, is_it_bad, sessions, why
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.MEMBERS,
    title="Members",
    description=(
        "Can members log in, book, pay, chat with the companion and store files? If not: what"
        " fails, in this service or in one that it calls?"
    ),
    sections=(
        is_it_bad.SECTION,
        sessions.SECTION,
        companion.SECTION,
        why.LIMITS,
        why.FILES,
        why.BLOG,
    ),
)
