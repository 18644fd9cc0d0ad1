"""Table panel over log lines: one row for each value of a member of the lines, counted by Loki."""

from dataclasses import dataclass
from typing import ClassVar

from grafana_foundation_sdk.builders import loki
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.loki import LokiQueryType

from dashboards.panels.spec import LOKI, ref_id
from dashboards.panels.table import Column, Table


@dataclass(frozen=True, kw_only=True)
class LinesTable(Table):
    """A table whose columns are LogQL: numbers from the lines of the whole time range."""

    source: ClassVar[DataSourceRef] = LOKI

    def _query(self, index: int, column: Column) -> loki.Dataquery:
        query = loki.Dataquery().ref_id(ref_id(index)).expr(column.expression)
        return query.query_type(LokiQueryType.INSTANT).legend_format(column.name)
