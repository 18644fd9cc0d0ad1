"""The committed boards, read as Grafana reads them: panels, queries, variables and annotations.

For tests, and for anything else that uses the JSON; nothing here knows how a board is built.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

GENERATED: Final = Path(__file__).parent / "generated"

_COLUMNS: Final = 24
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
_NAME_BEFORE_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{")
_LANGUAGE = {"prometheus": "expr", "loki": "expr", "tempo": "query"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query of one panel or annotation.

    Args:
        board: File name of the board.
        panel: Title of the panel, or name of the annotation.
        expression: PromQL, LogQL or TraceQL with the board's variables still in it.
        legend: Name of its series.
        instant: Whether it is evaluated only at the end of the time range.
        exemplars: Whether exemplars are queried as well.
        source: Type of its data source: ``prometheus``, ``loki`` or ``tempo``.
        width: Of its panel, as a share of the board's.
        points: Most points of its graph; 0 for the panel's width in pixels.
    """

    board: str
    panel: str
    expression: str
    legend: str
    instant: bool
    exemplars: bool = False
    source: str = "prometheus"
    width: float = 1.0
    points: int = 0

    def substitute(self, values: Mapping[str, str]) -> str:
        """Return the query that Grafana sends to the data source.

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


def windows(*, rate_interval: int, time_range: int) -> dict[str, str]:
    """Return Grafana's own variables of a query, of lengths in seconds.

    Source: Grafana's documentation, "Global variables".
    """
    return {
        "__rate_interval": f"{rate_interval}s",
        "__rate_interval_ms": str(rate_interval * 1000),
        "__range": f"{time_range}s",
        "__range_s": str(time_range),
    }


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
        yield from panel.get("panels") or ()


def queries(source: str = "prometheus") -> list[Query]:
    """Return every query of every committed board's panels for one type of data source."""
    return [
        query
        for file in files()
        for panel in panels(load(file))
        for target in panel.get("targets") or ()
        if (query := _of_panel(file, panel, target)).source == source
    ]


def annotations(source: str = "prometheus") -> list[Query]:
    """Return the query of every board's annotations for one type of data source."""
    return [
        query
        for file in files()
        for one in load(file)["annotations"]["list"]
        if (query := _query(file, one["name"], one["datasource"]["type"], one["target"])).source
        == source
    ]


def variables() -> list[Query]:
    """Return the series that every board's variables take their values from.

    The label is the legend, the variable's name the panel.
    """
    return [
        Query(file.name, one["name"], expression, label, instant=True)
        for file in files()
        for one in load(file)["templating"]["list"]
        if one["type"] == "query"
        for expression, label in [_series_and_label(one["query"]["query"])]
    ]


def _series_and_label(query: str) -> tuple[str, str]:
    inner = query.removeprefix("label_values(").removesuffix(")")
    expression, _, label = inner.rpartition(", ")
    return expression, label


def _of_panel(file: Path, panel: Mapping[str, Any], target: Mapping[str, Any]) -> Query:
    query = _query(file, panel["title"], panel["datasource"]["type"], target)
    width = panel["gridPos"]["w"] / _COLUMNS
    return replace(query, width=width, points=panel.get("maxDataPoints") or 0)


def _query(file: Path, title: str, source: str, target: Mapping[str, Any]) -> Query:
    return Query(
        file.name,
        title,
        target[_LANGUAGE[source]],
        target.get("legendFormat", ""),
        bool(target.get("instant")),
        bool(target.get("exemplar")),
        source,
    )
