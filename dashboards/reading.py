"""Reads a board's JSON as Grafana does: its panels, and the queries that their variables turn into.

For tests and for whatever else shows the committed boards; nothing here knows how a board was made.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GENERATED: Final = Path(__file__).parent / "generated"

_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
_NAME_BEFORE_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of one panel.

    Args:
        board: File name of the board.
        panel: Title of the panel.
        expression: PromQL with the board's variables still in it.
        legend: Name of its series.
        instant: One value at the end of the range instead of a course.
    """

    board: str
    panel: str
    expression: str
    legend: str
    instant: bool

    def filled(self, values: Mapping[str, str]) -> str:
        """The query that Prometheus gets.

        Args:
            values: Of every variable, Grafana's own (``__rate_interval``) included.

        Raises:
            KeyError: The query uses a variable that has no value.
        """
        return _VARIABLE.sub(lambda found: values[found[1] or found[2]], self.expression)

    @property
    def metrics(self) -> frozenset[str]:
        """Names of the series it selects; each of our selectors has braces."""
        return frozenset(_NAME_BEFORE_SELECTOR.findall(self.expression))


def board_files() -> list[Path]:
    """The committed boards."""
    return sorted(GENERATED.glob("*.json"))


def load(file: Path) -> dict[str, Any]:
    """A board's JSON."""
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every panel that shows something; a row is a heading."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def queries() -> list[Query]:
    """Every query of every committed board."""
    return [
        Query(
            file.name,
            panel["title"],
            target["expr"],
            target["legendFormat"],
            bool(target.get("instant")),
        )
        for file in board_files()
        for panel in panels(load(file))
        for target in panel["targets"]
    ]
