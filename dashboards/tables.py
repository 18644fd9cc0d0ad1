"""Tables: one row a route, an operation or a worker, one column a number.

Each column is a query of its own; Grafana merges them on the key labels.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.config import Limits
from dashboards.panels import PROMETHEUS, Head, Series, instant, rising


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers in a table.

    Args:
        name: Its heading.
        unit: Grafana's unit id.
        expression: PromQL with the table's key labels.
        limits: Colours its cells' text.
    """

    name: str
    unit: str
    expression: str
    limits: Limits | None = None


def grid(head: Head, keys: dict[str, str], *columns: Column) -> table.Panel:
    """A table of instant values, one row for each value of the key labels; sorted by its first
    column.

    Args:
        keys: Heading by label.
        columns: Its numbers.
    """
    panel = (
        table.Panel()
        .title(head.title)
        .unit(head.unit)
        .description(head.description)
        .datasource(PROMETHEUS)
        .show_header(True)
        .sort_by([common.TableSortByFieldState().display_name(columns[0].name).desc(True)])
    )
    for index, column in enumerate(columns):
        panel = panel.with_target(
            instant(index, Series(column.expression, column.name)).format(PromQueryFormat.TABLE)
        )
        panel = panel.override_by_name(column.name, _cell(column))
    values = (
        [f"Value #{chr(ord('A') + index)}" for index in range(len(columns))]
        if len(columns) > 1
        else ["Value"]
    )
    renamed = keys | dict(zip(values, (column.name for column in columns), strict=True))
    order = {name: position for position, name in enumerate([*keys, *values])}
    return panel.transformations([_transformation("merge", {}), _organised(renamed, order)])


def _cell(column: Column) -> list[DynamicConfigValue]:
    properties = [DynamicConfigValue("unit", column.unit)]
    if column.limits is not None:
        properties.append(DynamicConfigValue("thresholds", rising(column.limits).build()))
        properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return properties


def _transformation(kind: str, options: dict[str, object]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=kind, options=options)


def _organised(renamed: dict[str, str], order: dict[str, int]) -> DataTransformerConfig:
    return _transformation(
        "organize", {"excludeByName": {"Time": True}, "renameByName": renamed, "indexByName": order}
    )
