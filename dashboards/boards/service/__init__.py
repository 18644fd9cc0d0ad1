"""The Service board: whether users get successful answers in time; if not, which route fails."""

from typing import Final

from dashboards.boards import telemetry_health
from dashboards.boards.service import is_it_bad, where, why
from dashboards.layout import Board

BOARD: Final = Board(
    uid="serene-service",
    title="Service",
    description=(
        "Do users get successful answers in time? If not: which route fails, and where does its"
        " time go?"
    ),
    sections=(is_it_bad.SECTION, where.SECTION, why.SECTION, telemetry_health.SECTION),
)
