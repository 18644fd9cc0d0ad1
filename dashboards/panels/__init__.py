"""Panel types: one frozen dataclass for each of Grafana's panel types that the boards use.

A panel type decides how a panel is drawn, alike on all boards. It knows no metric and no query; a
module of ``boards/`` fills in title, description, unit, thresholds and queries in one place.
"""

from dashboards.panels.bar_gauge import BarGauge
from dashboards.panels.heatmap import Heatmap
from dashboards.panels.lines_table import LinesTable
from dashboards.panels.logs import Logs
from dashboards.panels.spec import EXEMPLARS, WORKER_LEGEND, PanelBuilder, PanelSpec, Target
from dashboards.panels.stat import Stat
from dashboards.panels.state_timeline import StateTimeline
from dashboards.panels.table import Column, Table
from dashboards.panels.text import Text
from dashboards.panels.thresholds import at_least, falling, neutral, rising
from dashboards.panels.time_series import StackedTimeSeries, TimeSeries
from dashboards.panels.traces import Traces

__all__ = [
    "EXEMPLARS",
    "WORKER_LEGEND",
    "BarGauge",
    "Column",
    "Heatmap",
    "LinesTable",
    "Logs",
    "PanelBuilder",
    "PanelSpec",
    "StackedTimeSeries",
    "Stat",
    "StateTimeline",
    "Table",
    "Target",
    "Text",
    "TimeSeries",
    "Traces",
    "at_least",
    "falling",
    "neutral",
    "rising",
]
