"""The Runtime board: whether a worker itself is at fault: its hub, process, machine or restarts."""

from typing import Final

from dashboards.boards.runtime import is_it_bad, why_hub, why_machine, why_process
from dashboards.layout import Board

BOARD: Final = Board(
    uid="serene-runtime",
    title="Runtime",
    description="Is it the worker itself: its hub, its process, its machine, or its restarts?",
    sections=(
        is_it_bad.SECTION,
        why_hub.SECTION,
        why_process.SECTION,
        why_machine.SECTION,
    ),
)
