"""Time series panels: lines or stacked areas, above a table of their last and largest values."""

from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class TimeSeries(PanelSpec):
    """Series over time; a name in ``config.COLOURS`` has the same colour on every board.

    Args:
        targets: Its queries.
        limits: Drawn as dashed lines.
    """

    targets: tuple[Target, ...]
    limits: Limits | None = None

    def build(self) -> timeseries.Panel:
        """Return a new builder."""
        panel = (
            self._described(timeseries.Panel())
            .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
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
        elif self.unit == "percentunit":
            # Else an axis of zeros ends at 10,000 %.
            panel = panel.axis_soft_max(1)
        return _coloured(panel, self.targets)


@dataclass(frozen=True, kw_only=True)
class StackedTimeSeries(TimeSeries):
    """Series that are parts of one whole."""

    def build(self) -> timeseries.Panel:
        """Return a new builder."""
        stacking = common.StackingConfig().mode(StackingMode.NORMAL).group("A")
        return super().build().fill_opacity(40).stacking(stacking)


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
    for name, colour in config.COLOURS.items():
        if name in legends or legends & config.COLOURED_BY:
            fixed = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
            panel = panel.override_by_name(name, [fixed])
    return panel
