"""The Telemetry pipeline board: do spans, lines and samples arrive, and where are they lost?"""

from typing import Final

from dashboards import links
from dashboards.boards.telemetry_pipeline import (
    is_it_bad,
    lines,
    lost,
    parts,
    samples,
    spans,
)
from dashboards.layout import Board

BOARD: Final = Board(
    uid=links.TELEMETRY,
    title="Telemetry pipeline",
    description=(
        "Can the other boards be believed? Each hop of a span, a line and a sample, from where it"
        " is made to where it is stored, and what each hop lost."
    ),
    sections=(
        is_it_bad.SECTION,
        lost.SECTION,
        spans.SECTION,
        lines.SECTION,
        samples.SECTION,
        parts.SECTION,
    ),
)
