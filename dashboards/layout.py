"""Where panels stand, and what every board has: variables, links, refresh.

A board is sections, a section is bands, a band is panels of one height that share the whole width:
so nothing overlaps and nothing is left empty.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    VariableRefresh,
    VariableSort,
)

from dashboards import config
from dashboards.panels import PanelBuilder
from dashboards.promql import SERVICE
from dashboards.queries.service import PROBES
from telemetry import names

COLUMNS: Final = 24


@dataclass(frozen=True, slots=True)
class Band:
    """Panels side by side, equally wide.

    Args:
        height: Grid units of 30 pixels.
        panels: As many as divide 24.
    """

    height: int
    panels: Sequence[PanelBuilder]


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a board; the heading says what question it answers."""

    title: str
    bands: Sequence[Band]


def board(
    uid: str,
    title: str,
    description: str,
    sections: Sequence[Section],
    *further: dashboard.QueryVariable,
) -> Dashboard:
    """Put a board together.

    Args:
        uid: Part of its address; must never change.
        title: Its name in lists.
        description: Which question it answers.
        sections: From top to bottom: is it bad, where, why.
        further: Variables besides data source, service and instance.
    """
    builder = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([config.TAG])
        .editable()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh(config.REFRESH)
        .time(config.TIME_FROM, "now")
        .timezone("browser")
        .link(_other_boards())
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
        .with_variable(_service())
        .with_variable(_instance())
    )
    for variable in further:
        builder = builder.with_variable(variable)
    builder = _placed(builder, sections)
    return builder.build()


def _placed(builder: dashboard.Dashboard, sections: Sequence[Section]) -> dashboard.Dashboard:
    number, y = 0, 0
    for section in sections:
        number += 1
        builder = builder.with_row(
            dashboard.Row(section.title).id(number).grid_pos(GridPos(h=1, w=COLUMNS, x=0, y=y))
        )
        y += 1
        for band in section.bands:
            for panel, position in _positions(band, y):
                number += 1
                builder = builder.with_panel(panel.id(number).grid_pos(position))
            y += band.height
    return builder


def _positions(band: Band, y: int) -> Iterator[tuple[PanelBuilder, GridPos]]:
    width, rest = divmod(COLUMNS, len(band.panels))
    if rest:
        raise ValueError(f"{len(band.panels)} panels do not share {COLUMNS} columns evenly")
    for index, panel in enumerate(band.panels):
        yield panel, GridPos(h=band.height, w=width, x=index * width, y=y)


def _variable(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DataSourceRef(type_val="prometheus", uid=config.PROMETHEUS_VARIABLE))
        .query({"query": query, "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )


def _service() -> dashboard.QueryVariable:
    return _variable(
        "service", "Service", f"label_values({names.SERVICE_STATE.name}, service_name)"
    )


def _instance() -> dashboard.QueryVariable:
    query = f"label_values({names.SERVICE_STATE.name}{{{SERVICE}}}, service_instance_id)"
    return _variable("instance", "Worker", query).multi(True).include_all(True).all_value(".*")


def route_variable() -> dashboard.QueryVariable:
    """Routes that users have called; probes are none of them."""
    query = f'label_values({names.REQUEST_DURATION.name}_count{{{SERVICE}, {names.ROUTE}!~"{PROBES}"}}, {names.ROUTE})'
    return _variable("route", "Route", query).multi(True).include_all(True).all_value(".*")


def _other_boards() -> dashboard.DashboardLink:
    # No placement: the SDK's default hides links in a menu.
    link = dashboard.DashboardLink("Boards").type(DashboardLinkType.DASHBOARDS).placement("")
    return link.tags([config.TAG]).include_vars(True).keep_time(True)
