"""Traces panel: a table of the traces that a TraceQL search finds; a click opens one.

Ids and services are left out of the picture: the links of each row have them, and names of requests
get the room.
"""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import table, tempo
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue
from grafana_foundation_sdk.models.tempo import SearchTableType, TempoQueryType

from dashboards.panels.spec import TEMPO, PanelSpec, ref_id

MOST_TRACES: Final = 20
_HIDDEN: Final = ("traceID", "traceService")
_START_PIXELS: Final = 126
_DURATION_PIXELS: Final = 96


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
        panel = self._described(table.Panel(), TEMPO).show_header(True).with_target(target)
        for name in _HIDDEN:
            panel = panel.override_by_name(name, [_property("hideFrom.viz", value=True)])
        start = DynamicConfigValue("unit", "time:MM-DD HH:mm:ss")
        panel = panel.override_by_name("startTime", [start, _property("width", _START_PIXELS)])
        panel = panel.override_by_name("traceName", [_property("wrapText", value=True)])
        duration = [_property("width", _DURATION_PIXELS)]
        return panel.override_by_name("traceDuration", duration)


def _property(path: str, value: object) -> DynamicConfigValue:
    return DynamicConfigValue(f"custom.{path}", value)
