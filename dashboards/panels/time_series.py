"""Time series panels: lines or stacked areas, above a table of their last and largest values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, timeseries
from grafana_foundation_sdk.models.common import (
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId

from dashboards import config
from dashboards.panels import thresholds
from dashboards.panels.spec import PanelSpec, Target, range_query
from service.objectives import Limits

_END_OF_ZEROS: Final[dict[str, float]] = {
    "percentunit": 1,
    "short": 5,
    "reqps": 0.1,
    "ops": 0.1,
    "s": 0.01,
    "suffix:s/s": 0.01,
    "Bps": 1000,
}
"""Where the axis ends at least, by unit: one of zeros alone would end at 100 of anything, and a
count of one have quarters."""


@dataclass(frozen=True, kw_only=True)
class TimeSeries(PanelSpec):
    """Series over time; a name in ``config`` has the same colour on every board.

    Other names have the colours of the palette in their order, so that no two of a panel are alike.

    Args:
        targets: Its queries.
        limits: Drawn as dashed lines.
        shades_of: Colour of which its series have shades, where all mean the same, such as losses.
    """

    targets: tuple[Target, ...]
    limits: Limits | None = None
    shades_of: str | None = None

    def build(self) -> timeseries.Panel:
        """Return a new builder."""
        panel = (
            self._described(timeseries.Panel())
            .color_scheme(_colours(self.shades_of))
            .line_width(1)
            .fill_opacity(8)
            .show_points(VisibilityMode.NEVER)
            .axis_soft_min(0)
            .legend(_legend())
            .tooltip(
                common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
            )
        )
        for index, target in enumerate(self.targets):
            panel = panel.with_target(range_query(index, target))
        if self.limits is not None:
            panel = _with_limits(panel, self.limits)
        elif self.unit in _END_OF_ZEROS:
            panel = panel.axis_soft_max(_END_OF_ZEROS[self.unit])
        return _coloured(panel, self.targets)


@dataclass(frozen=True, kw_only=True)
class StackedTimeSeries(TimeSeries):
    """Series that are parts of one whole."""

    def build(self) -> timeseries.Panel:
        """Return a new builder."""
        stacking = common.StackingConfig().mode(StackingMode.NORMAL).group("A")
        return super().build().fill_opacity(40).stacking(stacking)


def _colours(shades_of: str | None) -> dashboard.FieldColor:
    if shades_of is None:
        return dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC)
    return dashboard.FieldColor().mode(FieldColorModeId.SHADES).fixed_color(shades_of)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )


def _with_limits(panel: timeseries.Panel, limits: Limits) -> timeseries.Panel:
    style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
    steps = thresholds.build(thresholds.dashed(limits))
    return panel.thresholds(steps).thresholds_style(style).axis_soft_max(limits.bad)


def _coloured(panel: timeseries.Panel, targets: tuple[Target, ...]) -> timeseries.Panel:
    legends = {target.legend for target in targets}
    of_values = set(config.COLOURS) if legends & config.COLOURED_BY else set()
    if any("{{" in legend for legend in legends):
        of_values.add("none")
    for name, colour in {**config.COLOURS, **config.NAMES}.items():
        if name in legends or name in of_values:
            fixed = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
            panel = panel.override_by_name(name, [fixed])
    for pattern, colour in _endings(legends):
        shades = DynamicConfigValue("color", {"mode": "shades", "fixedColor": colour})
        panel = panel.override_by_regexp(pattern, [shades])
    return panel


def _endings(legends: set[str]) -> Iterator[tuple[str, str]]:
    """Yield patterns of names that are a status or end with an error or a result; with colours."""
    if legends & {"{{http_response_status_code}}", "{{code}}"}:
        for digit, colour in config.STATUS_CLASSES.items():
            yield rf"/^{digit}\d\d$/", colour
    if any(legend.endswith(" {{error_type}}") for legend in legends):
        yield r"/ \S+$/", config.BAD
    if any(legend.endswith(": {{result}}") for legend in legends):
        for result, colour in config.RESULTS.items():
            yield f"/: {result}$/", colour
