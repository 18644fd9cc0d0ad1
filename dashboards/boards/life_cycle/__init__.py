"""The Life cycle board: whether instances come, stay and go as they should."""

from typing import Final

from dashboards import links
from dashboards.boards.life_cycle import is_it_bad, where, why
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.LIFE_CYCLE,
    title="Life cycle",
    description=(
        "Do instances start, serve and drain as they should? If not: which one, which version, and"
        " which requests were cut?"
    ),
    sections=(is_it_bad.SECTION, where.SECTION, where.VERSIONS, why.SECTION),
)
