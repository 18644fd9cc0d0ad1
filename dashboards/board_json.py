"""The committed boards, read as Grafana reads them: panels, queries, and their variables.

For tests, and for anything else that uses the JSON; nothing here knows how a board is built.
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
        instant: Whether it is evaluated only at the end of the time range.
    """

    board: str
    panel: str
    expression: str
    legend: str
    instant: bool

    def substitute(self, values: Mapping[str, str]) -> str:
        """Return the query that Grafana sends to Prometheus.

        Args:
            values: Value of every variable, Grafana's own (``__rate_interval``) included.

        Raises:
            KeyError: The query uses a variable that has no value.
        """
        return _VARIABLE.sub(lambda found: values[found[1] or found[2]], self.expression)

    @property
    def metrics(self) -> frozenset[str]:
        """Names of the series that it selects; each selector of the boards has braces."""
        return frozenset(_NAME_BEFORE_SELECTOR.findall(self.expression))


def files() -> list[Path]:
    """Return the files of the committed boards."""
    return sorted(GENERATED.glob("*.json"))


def load(file: Path) -> dict[str, Any]:
    """Return a board's JSON."""
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every panel of a board except rows, which are headings."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def queries() -> list[Query]:
    """Return every query of every committed board."""
    return [
        Query(
            file.name,
            panel["title"],
            target["expr"],
            target["legendFormat"],
            bool(target.get("instant")),
        )
        for file in files()
        for panel in panels(load(file))
        for target in panel["targets"]
    ]
