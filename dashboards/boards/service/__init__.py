"""The Service board: whether users get successful answers in time; if not, which route fails."""

from typing import Final

from dashboards import links
from dashboards.boards.service import is_it_bad, since_when, where, why
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.SERVICE,
    title="Service",
    description=(
        "Do users get successful answers in time? If not: since when, which route and instance, and"
        " where does the time go?"
    ),
    sections=(
        is_it_bad.SECTION,
        since_when.SECTION,
        where.SECTION,
        why.SECTION,
        why.CLIENTS,
    ),
)
