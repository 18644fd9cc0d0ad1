"""Table panel: one row a route, an operation or a worker; one column a number.

Each column is a query of its own; Grafana merges them on the key labels, and keeps the first rows.
The first key is as wide as the others leave room for, and its long values are wrapped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from grafana_foundation_sdk.builders import common, loki, prometheus, table
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards import config
from dashboards.config import State
from dashboards.panels import thresholds, widths
from dashboards.panels.mappings import state_mapping
from dashboards.panels.spec import PROMETHEUS, PanelSpec, Target, instant_query, ref_id
from service.objectives import Limits


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers.

    Args:
        name: Its heading.
        unit: Grafana's unit id.
        expression: PromQL that keeps the table's key labels.
        limits: Colour the text of its cells.
        states: Texts and colours in place of its numbers.
    """

    name: str
    unit: str
    expression: str
    limits: Limits | None = None
    states: tuple[State, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table(PanelSpec):
    """Values at the end of the time range, one row for each value of the key labels.

    Args:
        keys: Heading by label.
        columns: Its numbers; rows are sorted by the first.
        descending: Whether the largest ones are first.
        rows: Most rows.
        no_value: Text in place of the table where it has no row.
    """

    keys: Mapping[str, str]
    columns: tuple[Column, ...]
    descending: bool = True
    rows: int = config.ROWS
    no_value: str = ""
    source: ClassVar[DataSourceRef] = PROMETHEUS

    def build(self) -> table.Panel:
        """Return a new builder."""
        first = common.TableSortByFieldState().display_name(self.columns[0].name)
        first = first.desc(self.descending)
        panel = self._described(table.Panel(), self.source).show_header(True).sort_by([first])
        if self.no_value:
            panel = panel.no_value(self.no_value)
        for index, column in enumerate(self.columns):
            panel = panel.with_target(self._query(index, column))
            width = DynamicConfigValue("custom.width", self._width(column))
            panel = panel.override_by_name(column.name, [*_cell_properties(column), width])
        for heading, properties in self._key_properties():
            panel = panel.override_by_name(heading, properties)
        order = {"field": self._values()[0], "desc": self.descending}
        return panel.transformations(
            [
                _transformation("merge", {}),
                _transformation("sortBy", {"sort": [order]}),
                _transformation("limit", {"limitField": str(self.rows)}),
                self._organize(),
            ]
        )

    @property
    def least_pixels(self) -> int:
        """Return the width in which no column is cut."""
        keys = sum(widths.of_key(heading, label) for label, heading in self.keys.items())
        return keys + sum(self._width(column) for column in self.columns)

    def _width(self, column: Column) -> int:
        is_first = column is self.columns[0]
        return widths.of_number(column.name, column.unit, column.states, sorted_by=is_first)

    def _key_properties(self) -> Iterator[tuple[str, list[DynamicConfigValue]]]:
        for number, (label, heading) in enumerate(self.keys.items()):
            pixels = widths.of_key(heading, label)
            if number:
                yield heading, [DynamicConfigValue("custom.width", pixels)]
            else:
                yield (
                    heading,
                    [
                        DynamicConfigValue("custom.minWidth", pixels),
                        DynamicConfigValue("custom.wrapText", value=True),
                    ],
                )

    def _query(self, index: int, column: Column) -> prometheus.Dataquery | loki.Dataquery:
        query = instant_query(index, Target(column.expression, column.name))
        return query.format(PromQueryFormat.TABLE)

    def _values(self) -> list[str]:
        """Return Grafana's names of the columns."""
        if len(self.columns) == 1:
            return ["Value"]
        return [f"Value #{ref_id(index)}" for index in range(len(self.columns))]

    def _organize(self) -> DataTransformerConfig:
        values = self._values()
        headings = (column.name for column in self.columns)
        return _transformation(
            "organize",
            {
                "excludeByName": {"Time": True},
                "renameByName": {**self.keys, **dict(zip(values, headings, strict=True))},
                "indexByName": {name: index for index, name in enumerate([*self.keys, *values])},
            },
        )


def _cell_properties(column: Column) -> list[DynamicConfigValue]:
    properties = [DynamicConfigValue("unit", column.unit)]
    if column.limits is not None:
        steps = thresholds.build(thresholds.rising(column.limits)).build()
        properties.append(DynamicConfigValue("thresholds", steps))
        properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    if column.states:
        properties.append(DynamicConfigValue("mappings", [state_mapping(column.states)]))
        properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return properties


def _transformation(kind: str, options: dict[str, object]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=kind, options=options)
