"""Where panels are placed, and the settings that all boards share.

A board is sections, a section is bands, a band is panels of one height that share the whole width
evenly: panels cannot overlap and leave no gap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
)

from dashboards import config, variables
from dashboards.panels import PanelBuilder, PanelSpec

COLUMNS: Final = 24


class Band:
    """Panels side by side, equally wide.

    Args:
        height: In grid units of 30 pixels.
        panels: From left to right.

    Raises:
        ValueError: Their number does not divide 24.
    """

    def __init__(self, height: int, *panels: PanelSpec) -> None:
        self.height: Final = height
        self.panels: Final = panels
        self.panel_width, rest = divmod(COLUMNS, len(panels))
        if rest:
            raise ValueError(f"{len(panels)} panels do not share {COLUMNS} columns evenly")


class Section:
    """A part of a board under a heading; the heading is the question that it answers."""

    def __init__(self, title: str, *bands: Band) -> None:
        self.title: Final = title
        self.bands: Final = bands


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board.

    Args:
        uid: Part of its address; must never change.
        title: Its name in lists.
        description: The question that it answers.
        sections: From top to bottom: is it bad, where, why.
        variables: In addition to data source, service and worker.
    """

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]
    variables: tuple[dashboard.QueryVariable, ...] = ()

    def build(self) -> Dashboard:
        """Return the board as Grafana's type."""
        builder = (
            dashboard.Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags([config.TAG])
            .editable()
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .refresh(config.REFRESH)
            .time(config.TIME_FROM, "now")
            .timezone("browser")
            .link(_other_boards())
        )
        for variable in (*variables.on_every_board(), *self.variables):
            builder = builder.with_variable(variable)
        return _place(builder, self.sections).build()


def _place(builder: dashboard.Dashboard, sections: tuple[Section, ...]) -> dashboard.Dashboard:
    panel_id, y = 0, 0
    for section in sections:
        panel_id += 1
        heading = dashboard.Row(section.title).id(panel_id)
        builder = builder.with_row(heading.grid_pos(GridPos(h=1, w=COLUMNS, x=0, y=y)))
        y += 1
        for band in section.bands:
            for panel, position in _positions(band, y):
                panel_id += 1
                builder = builder.with_panel(panel.id(panel_id).grid_pos(position))
            y += band.height
    return builder


def _positions(band: Band, y: int) -> Iterator[tuple[PanelBuilder, GridPos]]:
    width = band.panel_width
    for index, panel in enumerate(band.panels):
        yield panel.build(), GridPos(h=band.height, w=width, x=index * width, y=y)


def _other_boards() -> dashboard.DashboardLink:
    # No placement: the SDK's default hides links in a menu.
    link = dashboard.DashboardLink("Boards").type(DashboardLinkType.DASHBOARDS).placement("")
    return link.tags([config.TAG]).include_vars(True).keep_time(True)
