"""Table panel: one row a route, an operation or a worker; one column a number.

Each column is a query of its own; Grafana merges them on the key labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, dashboard, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.config import Limits
from dashboards.panels import thresholds
from dashboards.panels.spec import PanelSpec, Target, instant_query, ref_id


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers.

    Args:
        name: Its heading.
        unit: Grafana's unit id.
        expression: PromQL that keeps the table's key labels.
        limits: Colour the text of its cells.
    """

    name: str
    unit: str
    expression: str
    limits: Limits | None = None


@dataclass(frozen=True, kw_only=True)
class Table(PanelSpec):
    """Values at the end of the time range, one row for each value of the key labels.

    Args:
        keys: Heading by label.
        columns: Its numbers; rows are sorted by the first, descending.
        links: Opened by a click on a cell.
    """

    keys: Mapping[str, str]
    columns: tuple[Column, ...]
    links: tuple[dashboard.DashboardLink, ...] = ()

    def build(self) -> table.Panel:
        """Return a new builder."""
        first = common.TableSortByFieldState().display_name(self.columns[0].name).desc(True)
        panel = self._described(table.Panel()).show_header(True).sort_by([first])
        for index, column in enumerate(self.columns):
            query = instant_query(index, Target(column.expression, column.name))
            panel = panel.with_target(query.format(PromQueryFormat.TABLE))
            panel = panel.override_by_name(column.name, _cell_properties(column))
        if self.links:
            panel = panel.data_links(list(self.links))
        return panel.transformations([_transformation("merge", {}), self._organize()])

    def _organize(self) -> DataTransformerConfig:
        values = [f"Value #{ref_id(index)}" for index in range(len(self.columns))]
        if len(values) == 1:
            values = ["Value"]
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
    return properties


def _transformation(kind: str, options: dict[str, object]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=kind, options=options)
