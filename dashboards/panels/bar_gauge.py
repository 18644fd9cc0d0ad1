"""Bar gauge panel: the latest value of each series as a bar, to compare a few of them."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import bargauge, common
from grafana_foundation_sdk.models.common import BarGaugeDisplayMode, VizOrientation

from dashboards.panels import thresholds
from dashboards.panels.spec import PanelSpec, Target, instant_query
from dashboards.panels.thresholds import Thresholds

_NAME_PIXELS: Final = 14
_VALUE_PIXELS: Final = 20
"""Grafana makes texts as large as there is room, which is too large beside small bars."""


@dataclass(frozen=True, kw_only=True)
class BarGauge(PanelSpec):
    """Values at the end of the time range, one bar for each series, in the order of the queries.

    Args:
        thresholds: Of every value.
        no_value: Text when there is no data.
        maximum: Value of a full bar; ``None`` for the largest of the values.
        targets: Its queries.
    """

    thresholds: Thresholds
    no_value: str
    maximum: float | None = None
    targets: tuple[Target, ...]

    def build(self) -> bargauge.Panel:
        """Return a new builder."""
        panel = (
            self._described(bargauge.Panel())
            .thresholds(thresholds.build(self.thresholds))
            .no_value(self.no_value)
            .min(0)
            .orientation(VizOrientation.HORIZONTAL)
            .display_mode(BarGaugeDisplayMode.BASIC)
            .show_unfilled(True)
            .text(common.VizTextDisplayOptions().title_size(_NAME_PIXELS).value_size(_VALUE_PIXELS))
            .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        )
        if self.maximum is not None:
            panel = panel.max(self.maximum)
        for index, target in enumerate(self.targets):
            panel = panel.with_target(instant_query(index, target))
        return panel
