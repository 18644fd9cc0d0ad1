"""Logs panel: lines of Loki, the newest first, each as its message; long ones are wrapped."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import logs, loki
from grafana_foundation_sdk.models.common import LogsSortOrder
from grafana_foundation_sdk.models.loki import LokiQueryType

from dashboards import logql
from dashboards.panels.spec import LOKI, PanelSpec, ref_id

MOST_LINES: Final = 100


@dataclass(frozen=True, kw_only=True)
class Logs(PanelSpec):
    """Lines of the time range; a click on one shows all of its members and the link to its trace.

    Args:
        query: LogQL with the boards' variables; begin with ``logql.lines``.
    """

    unit: str = "none"
    query: str

    def build(self) -> logs.Panel:
        """Return a new builder."""
        target = (
            loki.Dataquery()
            .ref_id(ref_id(0))
            .expr(logql.messages(self.query))
            .query_type(LokiQueryType.RANGE)
            .max_lines(MOST_LINES)
        )
        return (
            self._described(logs.Panel(), LOKI)
            .show_time(True)
            .wrap_log_message(True)
            .enable_log_details(True)
            .sort_order(LogsSortOrder.DESCENDING)
            .with_target(target)
        )
