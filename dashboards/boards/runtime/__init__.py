"""The Runtime board: whether a worker itself is at fault: its hub, its process or its machine."""

from typing import Final

from dashboards import links
from dashboards.boards.runtime import is_it_bad, why_hub, why_machine, why_process
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.RUNTIME,
    title="Runtime",
    description="Is it the worker itself: its hub, its process, or its machine?",
    sections=(is_it_bad.SECTION, why_hub.SECTION, why_process.SECTION, why_machine.SECTION),
)
