"""Which panel, annotation or variable a query belongs to, and what its numbers are like."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboards.board_json import files, load, panels

_VARIABLE: Final = re.compile(r"\$\{\w+(?::\w+)?\}|\$\w+")
_LEGEND_LABEL: Final = re.compile(r"{{\s*(\w+)\s*}}")
_GROUPED: Final = re.compile(r"\bby ?\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel or an annotation.

    Args:
        title: Of the panel, or the name of the annotation.
        kind: Type of the panel, or ``annotation``.
        legend: Of its series.
        labels: Of its series.
        unit: Grafana's id.
        steps: Its thresholds, as pairs of a value and a colour; the first value is None.
        states: Numbers that have a name in its mappings.
    """

    title: str
    kind: str
    legend: str
    labels: tuple[str, ...]
    unit: str = ""
    steps: tuple[tuple[float | None, str], ...] = ()
    states: tuple[int, ...] = ()


def find(query: str) -> Target | None:
    """Return what a query belongs to, whatever its variables stand for; None for another query."""
    return next((target for parts, target in _known() if _has(query, parts)), None)


def _has(query: str, parts: tuple[str, ...]) -> bool:
    """Return whether a text has the parts in order, with anything between them."""
    first, *others = parts
    if not query.startswith(first):
        return False
    at = len(first)
    if not others:
        return at == len(query)
    *between, last = others
    for part in between:
        found = query.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return query.endswith(last) and len(query) - len(last) >= at


@functools.cache
def _known() -> tuple[tuple[tuple[str, ...], Target], ...]:
    """Return the texts between the variables of every query, the longest queries first."""
    found = sorted(_all(), key=lambda one: -len(one[0]))
    return tuple((tuple(_VARIABLE.split(text)), target) for text, target in found)


def _all() -> Iterator[tuple[str, Target]]:
    for file in files():
        board = load(file)
        for panel in panels(board):
            for target in panel.get("targets", ()):
                text = target.get("expr") or target["query"]
                yield text, _of_panel(panel, target.get("legendFormat", ""), text)
        for one in board["annotations"]["list"]:
            text = one["target"]["expr"]
            yield text, Target(one["name"], "annotation", "", _labels("table", "", text))


def _of_panel(panel: Mapping[str, Any], legend: str, text: str) -> Target:
    options = _options(panel, legend)
    steps = options.get("thresholds", {}).get("steps", ())
    mappings = [one for one in options.get("mappings", ()) if one["type"] == "value"]
    return Target(
        panel["title"],
        panel["type"],
        legend,
        _labels(panel["type"], legend, text),
        str(options.get("unit", "")),
        tuple((step.get("value"), step["color"]) for step in steps),
        tuple(sorted(int(value) for one in mappings for value in one["options"])),
    )


def _options(panel: Mapping[str, Any], legend: str) -> dict[str, Any]:
    """Return a field's options, with those of the column or series that the legend names."""
    options = dict(panel.get("fieldConfig", {}).get("defaults", {}))
    for override in panel.get("fieldConfig", {}).get("overrides", ()):
        if override["matcher"] == {"id": "byName", "options": legend}:
            options |= {one["id"]: one["value"] for one in override["properties"]}
    return options


def _labels(kind: str, legend: str, text: str) -> tuple[str, ...]:
    """Return the labels that a panel shows: those of its legend, of a table's rows, of buckets."""
    if kind == "heatmap":
        return ("le",)
    if kind != "table":
        return tuple(_LEGEND_LABEL.findall(legend))
    # The outermost grouping is the first.
    found = _GROUPED.search(text)
    names = found[1].split(",") if found else ()
    return tuple(name.strip() for name in names if name.strip() != "le")
