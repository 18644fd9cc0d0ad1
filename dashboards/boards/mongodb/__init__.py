"""The MongoDB board: whether the server, the network or the connection pool is at fault."""

from typing import Final

from dashboards import links
from dashboards.boards.mongodb import is_it_bad, where, why_pool, why_server
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.MONGODB,
    title="MongoDB",
    description="Is it the database, the network to it, or the connection pool in between?",
    sections=(is_it_bad.SECTION, where.SECTION, why_pool.SECTION, why_server.SECTION),
)
