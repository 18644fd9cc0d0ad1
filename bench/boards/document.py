"""The table of the boards' times, and its place in ``docs/measurements.md``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.boards.measuring import Load
from bench.boards.rules import Group

FILE: Final = Path(__file__).parents[2] / "docs" / "measurements.md"
_BEGIN: Final = "<!-- boards: python -m bench.boards --write -->\n"
_END: Final = "<!-- end of boards -->\n"


@dataclass(frozen=True, slots=True)
class Row:
    """Loads of one board.

    Args:
        board: Its slug.
        instances: How many there are, or which are chosen.
        range: Length of the time range.
        loads: Rounds, from the fastest to the slowest.
    """

    board: str
    instances: str
    range: str
    loads: Sequence[Load]

    def __str__(self) -> str:
        """Return the cell: seconds of the fastest round, and the least of the processor's."""
        processor = min(load.processor_seconds for load in self.loads)
        return f"{self.loads[0].seconds:.2f} ({processor:.2f})"


def table(rows: Sequence[Row]) -> str:
    """Return the table in Markdown, a line for each board."""
    return "\n".join(_lines(rows)) + "\n"


def table_of_rules(groups: Sequence[Group]) -> str:
    """Return the table of the rules' cost in Markdown, a line for each group."""
    head = "| group | every | rules | one evaluation, s (processor) | slowest rule, s |"
    return "\n".join([head, "|---" * 5 + "|", *map(str, groups)]) + "\n"


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    columns = list(dict.fromkeys((row.instances, row.range) for row in rows))
    titles = " | ".join(f"{instances}, {length}" for instances, length in columns)
    yield f"| board | queries | {titles} | samples read | slowest query |"
    yield "|---" * (len(columns) + 4) + "|"
    for board in dict.fromkeys(row.board for row in rows):
        own = {(row.instances, row.range): row for row in rows if row.board == board}
        # Of the most instances over the longest range, the column before the chosen ones.
        dearest = own[[key for key in columns if "of" not in key[0]][-1]].loads[0]
        slowest = max(dearest.costs, key=lambda cost: cost.seconds)
        cells = " | ".join(str(own[column]) for column in columns)
        samples = sum(cost.samples for cost in dearest.costs) / 1e6
        yield (
            f"| {board} | {len(dearest.costs)} | {cells} | {samples:.1f} M"
            f" | {slowest.query.panel}, {slowest.seconds:.2f} |"
        )


def write(text: str) -> None:
    """Put the table into its place in the document."""
    before, _, rest = FILE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    FILE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
