"""Heatmap panel: a histogram over time, with exemplars."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import heatmap
from grafana_foundation_sdk.models.common import AxisPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.panels.spec import EXEMPLARS, PanelSpec, Target, range_query


@dataclass(frozen=True, kw_only=True)
class Heatmap(PanelSpec):
    """The buckets of a histogram; each exemplar is a dot that links to its trace.

    Args:
        buckets: PromQL of the increase of each bucket, by ``le``.
        exemplars: A query that names the series with the exemplars; empty where there are none.
    """

    buckets: str
    exemplars: str = ""

    def build(self) -> heatmap.Panel:
        """Return a new builder."""
        colours = (
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .steps(64)
            .exponent(0.5)
        )
        panel = (
            self._described(heatmap.Panel())
            .calculate(False)
            .max_data_points(90)
            .color(colours)
            .cell_gap(1)
            .y_axis(heatmap.YAxisConfig().unit(self.unit).axis_placement(AxisPlacement.LEFT))
            .filter_values(heatmap.FilterValueRange().le(1e-9))
            .tooltip(heatmap.HeatmapTooltip().mode(TooltipDisplayMode.SINGLE).y_histogram(True))
            .show_legend()
            .exemplars_color("rgba(255,0,255,0.7)")
        )
        buckets = range_query(0, Target(self.buckets, "{{le}}"))
        panel = panel.with_target(buckets.format(PromQueryFormat.HEATMAP))
        if not self.exemplars:
            return panel
        return panel.with_target(range_query(1, Target(self.exemplars, EXEMPLARS, exemplars=True)))
