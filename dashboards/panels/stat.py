"""Stat panel: a large number coloured by its thresholds, over a sparkline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import common, stat
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards.panels import thresholds
from dashboards.panels.spec import PanelSpec, Target, range_query
from dashboards.panels.thresholds import Thresholds


@dataclass(frozen=True, kw_only=True)
class Stat(PanelSpec):
    """The latest value of each query.

    Args:
        thresholds: Of every value.
        legend_thresholds: Of a query's values instead, by its legend.
        no_value: Text in place of the number when there is no data, such as ``no requests``.
        targets: With one, only the value is shown; with several, each legend beside its value.
    """

    thresholds: Thresholds
    legend_thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    no_value: str
    targets: tuple[Target, ...]

    def build(self) -> stat.Panel:
        """Return a new builder."""
        text = BigValueTextMode.AUTO if len(self.targets) == 1 else BigValueTextMode.VALUE_AND_NAME
        panel = (
            self._described(stat.Panel())
            .thresholds(thresholds.build(self.thresholds))
            .no_value(self.no_value)
            .color_mode(BigValueColorMode.BACKGROUND)
            .graph_mode(BigValueGraphMode.AREA)
            .text_mode(text)
            .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        )
        for index, target in enumerate(self.targets):
            panel = panel.with_target(range_query(index, target))
        for legend, own in self.legend_thresholds.items():
            override = DynamicConfigValue("thresholds", thresholds.build(own).build())
            panel = panel.override_by_name(legend, [override])
        return panel
