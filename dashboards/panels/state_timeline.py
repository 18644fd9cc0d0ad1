"""State timeline panel: one coloured bar a series, changing with its state."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, statetimeline
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    VisibilityMode,
)

from dashboards.config import State
from dashboards.panels.mappings import state_mapping
from dashboards.panels.spec import PanelSpec, Target, range_query

_MOST_POINTS: Final = 300
"""Two pixels each on a narrow screen: a shorter bar is not seen."""


@dataclass(frozen=True, kw_only=True)
class StateTimeline(PanelSpec):
    """States over time.

    Args:
        target: Its query, whose values are numbers of states.
        states: Text and colour of each number.
    """

    target: Target
    states: tuple[State, ...]

    def build(self) -> statetimeline.Panel:
        """Return a new builder."""
        return (
            self._described(statetimeline.Panel())
            .mappings([state_mapping(self.states)])
            .merge_values(True)
            .show_value(VisibilityMode.AUTO)
            .max_data_points(_MOST_POINTS)
            .row_height(0.8)
            .legend(
                common.VizLegendOptions()
                .show_legend(True)
                .display_mode(LegendDisplayMode.LIST)
                .placement(LegendPlacement.BOTTOM)
            )
            .with_target(range_query(0, self.target))
        )
