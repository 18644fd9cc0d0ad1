"""What all panel types have in common: title, unit, description, data source, queries and links."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    dashboard,
    heatmap,
    logs,
    prometheus,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.models.common import DataSourceRef

from dashboards import config
from dashboards.promql import WORKER

PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid=config.PROMETHEUS_VARIABLE)
TEMPO: Final = DataSourceRef(type_val="tempo", uid=config.TEMPO_UID)
LOKI: Final = DataSourceRef(type_val="loki", uid=config.LOKI_UID)
WORKER_LEGEND: Final = f"{{{{{WORKER}}}}}"
EXEMPLARS: Final = "exemplars"
"""Legend of a query that has no series; see ``promql.exemplars``."""

PanelBuilder = (
    stat.Panel
    | timeseries.Panel
    | heatmap.Panel
    | statetimeline.Panel
    | table.Panel
    | bargauge.Panel
    | logs.Panel
    | text.Panel
)
"""The SDK's builder of any panel type."""

BuilderT = TypeVar(
    "BuilderT",
    stat.Panel,
    timeseries.Panel,
    heatmap.Panel,
    statetimeline.Panel,
    table.Panel,
    bargauge.Panel,
    logs.Panel,
)


@dataclass(frozen=True, slots=True)
class Target:
    """One PromQL query of a panel; Grafana's name for it.

    Args:
        expression: PromQL.
        legend: Name of its series; may hold ``{{label}}``.
        exemplars: Whether to query exemplars as well; at most one target of a panel does, because
            all quantiles of a histogram have the same ones.
    """

    expression: str
    legend: str
    exemplars: bool = False


@dataclass(frozen=True, kw_only=True)
class PanelSpec(ABC):
    """One panel, complete; title, unit and description have no default, so no panel lacks one.

    Args:
        title: A few words, unique within its board.
        unit: Grafana's unit id; ``short`` is a plain count.
        description: What it shows, and what to do when the value is bad.
        links: Opened by a click on a value.
    """

    title: str
    unit: str
    description: str
    links: tuple[dashboard.DashboardLink, ...] = ()

    @abstractmethod
    def build(self) -> PanelBuilder:
        """Return a new builder, without id and position."""

    def _described(self, builder: BuilderT, source: DataSourceRef = PROMETHEUS) -> BuilderT:
        described = (
            builder.title(self.title)
            .unit(self.unit)
            .description(self.description)
            .datasource(source)
        )
        return described.data_links(list(self.links)) if self.links else described


def ref_id(index: int) -> str:
    """Return Grafana's id of a panel's query: A for the first, B for the second."""
    return chr(ord("A") + index)


def range_query(index: int, target: Target) -> prometheus.Dataquery:
    """Return a query of values over the time range."""
    query = _query(index, target).range()
    return query.exemplar(True) if target.exemplars else query


def instant_query(index: int, target: Target) -> prometheus.Dataquery:
    """Return a query of the value at the end of the time range."""
    return _query(index, target).instant()


def _query(index: int, target: Target) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(ref_id(index))
    return query.expr(target.expression).legend_format(target.legend)
