"""What the committed boards and rules ask of each data source, read from their files.

Boards are read as Grafana reads them, so nothing here depends on how they are made.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from dashboards.board_json import GENERATED, files, load, panels, windows
from dashboards.variables import ALL

ROOT: Final = Path(__file__).resolve().parents[2]
RULES: Final = ROOT / "deploy" / "rules"

Source = Literal["prometheus", "tempo", "loki"]

WINDOWS: Final = {"__interval": "5s", **windows(rate_interval=20, time_range=300)}
"""Grafana's own variables at the shortest: four scrapes of the data source's interval."""

_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Return a query with its variables replaced.

    Raises:
        KeyError: It uses a variable that has no value.
    """
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], text)


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of a panel, of a variable or of an annotation.

    Args:
        board: Slug of the board, or the rules' file.
        where: Title of the panel; ``$name`` of a variable; ``@name`` of an annotation.
        kind: Type of the panel, or ``variable``, ``annotation``, ``rule``.
        source: Type of the data source.
        text: The query, with the board's variables in it.
        legend: Name of its series.
        unit: Grafana's id of the unit of its values.
        exemplars: Whether it asks for exemplars too.
        interval: Least step that it sets; empty for the data source's.
    """

    board: str
    where: str
    kind: str
    source: Source
    text: str
    legend: str = ""
    unit: str = ""
    exemplars: bool = False
    interval: str = ""

    def __str__(self) -> str:
        """Return where it is, for the names of tests and for failures."""
        return f"{self.board}: {self.where}" + (f", {self.legend}" if self.legend else "")

    def with_values(self, values: Mapping[str, str] = ALL) -> str:
        """Return the query as Grafana sends it."""
        return substitute(self.text, {**ALL, **WINDOWS, **values})


def of_panels() -> list[Asked]:
    """Return every query of every panel."""
    return [
        Asked(
            file.stem,
            panel["title"],
            panel["type"],
            _source(target, panel),
            target.get("expr") or target["query"],
            target.get("legendFormat", ""),
            _unit(panel, target.get("legendFormat", "")),
            bool(target.get("exemplar")),
            target.get("interval", ""),
        )
        for file in files()
        for panel in panels(load(file))
        for target in panel.get("targets", ())
    ]


def of_variables() -> list[Asked]:
    """Return the query of every variable that has one."""
    return [
        Asked(
            file.stem,
            f"${variable['name']}",
            "variable",
            variable["datasource"]["type"],
            str(variable["query"]["query"]),
        )
        for file in files()
        for variable in load(file)["templating"]["list"]
        if variable["type"] == "query"
    ]


def of_annotations() -> list[Asked]:
    """Return the query of every annotation that asks a data source; Grafana's own have none."""
    return [
        Asked(
            file.stem,
            f"@{annotation['name']}",
            "annotation",
            annotation["datasource"]["type"],
            annotation["target"]["expr"],
        )
        for file in files()
        for annotation in load(file)["annotations"]["list"]
    ]


def of_rules() -> list[Asked]:
    """Return the expression of every alert and of every recording rule."""
    return [
        Asked(file.stem, rule.get("alert") or rule["record"], "rule", "prometheus", rule["expr"])
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def recorded() -> dict[str, Asked]:
    """Return the recording rules by the metric that each writes."""
    return {one.where: one for one in of_rules() if ":" in one.where}


def _source(target: Mapping[str, Any], panel: Mapping[str, Any]) -> Source:
    kind: Source = (target.get("datasource") or panel["datasource"])["type"]
    return kind


def _unit(panel: Mapping[str, Any], legend: str) -> str:
    for override in panel["fieldConfig"].get("overrides", ()):
        if override["matcher"]["id"] == "byName" and override["matcher"]["options"] == legend:
            for one in override["properties"]:
                if one["id"] == "unit":
                    return str(one["value"])
    return str(panel["fieldConfig"]["defaults"].get("unit", ""))


def labels_of_rules() -> dict[str, set[str]]:
    """Return the labels that recording rules write, by the metric."""
    found: dict[str, set[str]] = {}
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    found.setdefault(rule["record"], set()).update(rule.get("labels", ()))
    return found


def legend_labels(legend: str) -> set[str]:
    """Return the labels that a legend names."""
    return set(re.findall(r"{{\s*(\w+)\s*}}", legend))


def keys_of_table(asked: Asked) -> set[str]:
    """Return the labels that a table shows as columns, by which its queries are merged."""
    (panel,) = [
        panel
        for panel in panels(load(GENERATED / f"{asked.board}.json"))
        if panel["title"] == asked.where
    ]
    organized = [one for one in panel["transformations"] if one["id"] == "organize"]
    names = {name for one in organized for name in one["options"]["renameByName"]}
    return {name for name in names if not name.startswith("Value")}


def data_sources() -> dict[str, dict[str, Any]]:
    """Return the provisioned data sources by uid."""
    file = ROOT / "deploy/grafana/provisioning/datasources/serene.yaml"
    loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {source["uid"]: source for source in loaded["datasources"]}


def data_source(uid: str) -> dict[str, Any]:
    """Return one provisioned data source."""
    return data_sources()[uid]


def default_of_the_collector(variable: str) -> str:
    """Return the default of an environment variable in the Collector's configuration."""
    text = (ROOT / "otel-collector.yaml").read_text(encoding="utf-8")
    (default,) = {str(one) for one in re.findall(rf"\${{env:{variable}:-([^}}]+)}}", text)}
    return default
