"""Traces panel: a table of the traces that a TraceQL search finds; a click opens one."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import table, tempo
from grafana_foundation_sdk.models.tempo import SearchTableType, TempoQueryType

from dashboards.panels.spec import TEMPO, PanelSpec, ref_id

MOST_TRACES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Traces(PanelSpec):
    """Traces of the time range.

    Args:
        query: TraceQL with the boards' variables; begin with ``traceql.spans``.
        limit: Most rows.
    """

    unit: str = "none"
    query: str
    limit: int = MOST_TRACES

    def build(self) -> table.Panel:
        """Return a new builder."""
        target = (
            tempo.Dataquery()
            .ref_id(ref_id(0))
            .query_type(TempoQueryType.TRACEQL)
            .query(self.query)
            .limit(self.limit)
            .table_type(SearchTableType.TRACES)
        )
        return self._described(table.Panel(), TEMPO).show_header(True).with_target(target)
