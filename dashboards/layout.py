"""Where panels are placed, and the settings that all boards share.

A board is sections, a section is bands, a band is panels of one height that share the whole width:
panels cannot overlap and leave no gap. A collapsed section is queried only when it is opened.
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

from dashboards import annotations, config, variables
from dashboards.panels import PanelBuilder, PanelSpec, Table, widths

COLUMNS: Final = 24


class Band:
    """Panels side by side.

    Args:
        height: In grid units of 30 pixels.
        panels: From left to right.
        columns: Width of each, in columns; all are equally wide without.

    Raises:
        ValueError: Their number does not divide 24, or the columns are not 24 together; or a table
            would cut columns on the narrowest screen.
    """

    def __init__(
        self, height: int, *panels: PanelSpec, columns: tuple[int, ...] | None = None
    ) -> None:
        if columns is None:
            width, rest = divmod(COLUMNS, len(panels))
            if rest:
                raise ValueError(f"{len(panels)} panels do not share {COLUMNS} columns evenly")
            columns = (width,) * len(panels)
        if len(columns) != len(panels) or sum(columns) != COLUMNS:
            raise ValueError(f"{columns} are not {COLUMNS} columns of {len(panels)} panels")
        for panel, width in zip(panels, columns, strict=True):
            _check_width(panel, widths.of_panel(width))
        self.height: Final = height
        self.panels: Final = panels
        self.columns: Final = columns


def _check_width(panel: PanelSpec, pixels: int) -> None:
    if isinstance(panel, Table) and panel.least_pixels > pixels:
        needed = panel.least_pixels
        raise ValueError(f"the table {panel.title!r} needs {needed} pixels and has {pixels}")


class Section:
    """A part of a board under a heading; the heading is the question that it answers.

    Args:
        title: Its heading.
        bands: From top to bottom.
        collapsed: Whether only the heading is shown at first.
    """

    def __init__(self, title: str, *bands: Band, collapsed: bool = False) -> None:
        self.title: Final = title
        self.bands: Final = bands
        self.collapsed: Final = collapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board.

    Args:
        uid: Part of its address; one of ``links``.
        title: Its name in lists.
        description: The question that it answers.
        sections: From top to bottom: is it bad, where, why.
    """

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]

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
        for variable in variables.on_every_board():
            builder = builder.with_variable(variable)
        for annotation in annotations.on_every_board():
            builder = builder.annotation(annotation)
        return _place(builder, self.sections).build()


def _place(builder: dashboard.Dashboard, sections: tuple[Section, ...]) -> dashboard.Dashboard:
    panel_id, y = 0, 0
    for section in sections:
        panel_id += 1
        row = dashboard.Row(section.title).id(panel_id)
        row = row.grid_pos(GridPos(h=1, w=COLUMNS, x=0, y=y))
        y += 1
        placed = []
        below = y
        for band in section.bands:
            for panel, position in _positions(band, below):
                panel_id += 1
                placed.append(panel.id(panel_id).grid_pos(position))
            below += band.height
        builder = _with_section(builder, row, placed, section)
        # Grafana moves what is below a collapsed section when it is opened.
        y = y if section.collapsed else below
    return builder


def _with_section(
    builder: dashboard.Dashboard,
    row: dashboard.Row,
    panels: list[PanelBuilder],
    section: Section,
) -> dashboard.Dashboard:
    if section.collapsed:
        for panel in panels:
            row = row.with_panel(panel)
        return builder.with_row(row)
    builder = builder.with_row(row)
    for panel in panels:
        builder = builder.with_panel(panel)
    return builder


def _positions(band: Band, y: int) -> Iterator[tuple[PanelBuilder, GridPos]]:
    x = 0
    for panel, width in zip(band.panels, band.columns, strict=True):
        yield panel.build(), GridPos(h=band.height, w=width, x=x, y=y)
        x += width


def _other_boards() -> dashboard.DashboardLink:
    # No placement: the SDK's default hides links in a menu.
    link = dashboard.DashboardLink("Boards").type(DashboardLinkType.DASHBOARDS).placement("")
    return link.tags([config.TAG]).include_vars(True).keep_time(True)
