"""The Home board: what is wrong now, and which board shows why."""

from typing import Final

from dashboards import links
from dashboards.boards.home import is_it_bad, where
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.HOME,
    title="Home",
    description="What is wrong now, in which service and instance, and which board shows why?",
    sections=(is_it_bad.SECTION, where.SECTION),
)
