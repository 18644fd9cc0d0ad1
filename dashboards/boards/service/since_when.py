"""The Service board's objectives over time: since when it is bad, and what has fired."""

from typing import Final

from dashboards import config
from dashboards.boards import common
from dashboards.layout import Band, Section
from dashboards.panels import BarGauge, Target, TimeSeries, falling
from dashboards.queries import budgets
from service import objectives

_WINDOWS: Final = ("5m", "1h", "6h", "3d")

SECTION: Final = Section(
    "Since when? (budgets are of the whole service, whatever else is selected)",
    Band(
        9,
        TimeSeries(
            title="Availability burn",
            unit="suffix:x",
            description=(
                "Burn rate of the availability budget over four windows; 1 lasts exactly"
                f" {objectives.BUDGET_DAYS} days. An alert pages when a short and a long one are"
                " over its line together. The mark of a new version or a fault where it begins is"
                " the first suspect."
            ),
            targets=tuple(Target(budgets.availability_burn(one), one) for one in _WINDOWS),
            limits=objectives.BURN_RATE,
        ),
        TimeSeries(
            title="Latency burn by class",
            unit="suffix:x",
            description=(
                "Burn rate of the latency budget over one hour, by class of routes: each class has"
                " its own bound, in service/objectives.py. Red: select a route of that class below."
            ),
            targets=(Target(budgets.latency_burn("1h", "route_class"), "{{route_class}}"),),
            limits=objectives.BURN_RATE,
        ),
        BarGauge(
            title="Budgets left",
            unit="percentunit",
            description=(
                f"Of the three objectives over {objectives.BUDGET_DAYS} days. freshness: the time"
                " in which workers' metrics arrive and their health evidence is not stale. Red: the"
                " graphs beside show since when; for freshness the board Telemetry pipeline."
            ),
            thresholds=falling(config.BUDGET_LEFT),
            no_value="no requests yet",
            maximum=1,
            targets=(
                Target(budgets.AVAILABILITY_LEFT, "availability"),
                Target(budgets.LATENCY_LEFT, "latency"),
                Target(budgets.FRESHNESS_LEFT, "freshness"),
            ),
        ),
        common.alerts_firing("alertname", "severity"),
        columns=(6, 6, 4, 8),
    ),
)
