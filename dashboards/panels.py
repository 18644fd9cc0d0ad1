"""One function a kind of panel: the look that all boards share.

A panel is never without a description, a unit and a name for each series: they are arguments that
have no default. Nothing here says what a number means or which query gives it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import heatmap as heatmap_shapes
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards import config
from dashboards.config import Limits

PROMETHEUS = DataSourceRef(type_val="prometheus", uid=config.PROMETHEUS_VARIABLE)


PanelBuilder = stat.Panel | timeseries.Panel | heatmap.Panel | statetimeline.Panel | table.Panel
"""Any panel under construction."""


@dataclass(frozen=True, slots=True)
class Series:
    """One query of a panel.

    Args:
        expression: PromQL.
        legend: Name of its series; may hold ``{{label}}``.
        exemplars: Ask for exemplars, too.
    """

    expression: str
    legend: str
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What every panel says of itself.

    Args:
        title: A few words.
        unit: Grafana's unit id; ``short`` is a plain count.
        description: What it shows, and what to do when it looks bad.
    """

    title: str
    unit: str
    description: str


def _query(index: int, one: Series) -> prometheus.Dataquery:
    query = (
        prometheus.Dataquery()
        .ref_id(chr(ord("A") + index))
        .expr(one.expression)
        .legend_format(one.legend)
        .range()
    )
    return query.exemplar(True) if one.exemplars else query


def instant(index: int, one: Series) -> prometheus.Dataquery:
    """The query of a table: the value at the end of the time range."""
    return (
        prometheus.Dataquery()
        .ref_id(chr(ord("A") + index))
        .expr(one.expression)
        .legend_format(one.legend)
        .instant()
    )


def thresholds(steps: Sequence[tuple[float | None, str]]) -> dashboard.ThresholdsConfig:
    """Colours from values on; the first value is ``None``."""
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value, colour) for value, colour in steps])
    )


def rising(limits: Limits) -> dashboard.ThresholdsConfig:
    """The more the worse."""
    return thresholds([(None, config.GOOD), (limits.warn, config.WARN), (limits.bad, config.BAD)])


def falling(warn: float, bad: float) -> dashboard.ThresholdsConfig:
    """The less the worse: red below ``bad``, orange below ``warn``."""
    return thresholds([(None, config.BAD), (bad, config.WARN), (warn, config.GOOD)])


def at_least(value: float) -> dashboard.ThresholdsConfig:
    """Red below ``value``."""
    return thresholds([(None, config.BAD), (value, config.GOOD)])


def plain() -> dashboard.ThresholdsConfig:
    """No value is better or worse."""
    return thresholds([(None, config.CALM)])


def number(
    head: Head, limits: dashboard.ThresholdsConfig, when_nothing: str, *queries: Series
) -> stat.Panel:
    """A large number coloured by its thresholds, over its own course.

    Args:
        when_nothing: Text instead of the number when there is no data, such as ``no requests``.
    """
    panel = (
        stat.Panel()
        .title(head.title)
        .unit(head.unit)
        .description(head.description)
        .datasource(PROMETHEUS)
        .thresholds(limits)
        .no_value(when_nothing)
        .color_mode(shapes.BigValueColorMode.BACKGROUND)
        .graph_mode(shapes.BigValueGraphMode.AREA)
        .text_mode(
            shapes.BigValueTextMode.AUTO
            if len(queries) == 1
            else shapes.BigValueTextMode.VALUE_AND_NAME
        )
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    for index, one in enumerate(queries):
        panel = panel.with_target(_query(index, one))
    return panel


def lines(head: Head, *queries: Series) -> timeseries.Panel:
    """Series over time, coloured by name, with a table of their last and largest values below."""
    panel = (
        timeseries.Panel()
        .title(head.title)
        .unit(head.unit)
        .description(head.description)
        .datasource(PROMETHEUS)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .line_width(1)
        .fill_opacity(8)
        .show_points(shapes.VisibilityMode.NEVER)
        .axis_soft_min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(shapes.LegendDisplayMode.TABLE)
            .placement(shapes.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(shapes.TooltipDisplayMode.MULTI)
            .sort(shapes.SortOrder.DESCENDING)
        )
    )
    for index, one in enumerate(queries):
        panel = panel.with_target(_query(index, one))
    for name, colour in config.COLOURS.items():
        if any(one.legend == name or one.legend in config.COLOURED_BY for one in queries):
            panel = panel.override_by_name(name, [fixed_colour(colour)])
    return panel


def stacked(head: Head, *queries: Series) -> timeseries.Panel:
    """Series that are parts of one whole."""
    return (
        lines(head, *queries)
        .fill_opacity(40)
        .stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A"))
    )


def with_limit(panel: timeseries.Panel, limits: Limits) -> timeseries.Panel:
    """Draw the thresholds as dashed lines."""
    style = common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED)
    return panel.thresholds(
        thresholds([(None, "transparent"), (limits.warn, config.WARN), (limits.bad, config.BAD)])
    ).thresholds_style(style)


def distribution(head: Head, expression: str) -> heatmap.Panel:
    """A histogram over time, as a heatmap of its buckets, with exemplars."""
    query = Series(expression, "{{le}}", exemplars=True)
    colours = (
        heatmap.HeatmapColorOptions()
        .mode(heatmap_shapes.HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .steps(64)
        .exponent(0.5)
    )
    return (
        heatmap.Panel()
        .title(head.title)
        .unit(head.unit)
        .description(head.description)
        .datasource(PROMETHEUS)
        .calculate(False)
        .max_data_points(90)
        .color(colours)
        .cell_gap(1)
        .y_axis(heatmap.YAxisConfig().unit(head.unit).axis_placement(shapes.AxisPlacement.LEFT))
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .tooltip(heatmap.HeatmapTooltip().mode(shapes.TooltipDisplayMode.SINGLE).y_histogram(True))
        .show_legend()
        .exemplars_color("rgba(255,0,255,0.7)")
        .with_target(_query(0, query).format(PromQueryFormat.HEATMAP))
    )


def timeline(
    head: Head, expression: str, legend: str, states: Sequence[tuple[int, str, str]]
) -> statetimeline.Panel:
    """States over time, one line a worker."""
    results = {
        str(value): ValueMappingResult(text=text, color=colour, index=value)
        for value, text, colour in states
    }
    mapping: ValueMapping = ValueMap(results)
    return (
        statetimeline.Panel()
        .title(head.title)
        .unit(head.unit)
        .description(head.description)
        .datasource(PROMETHEUS)
        .mappings([mapping])
        .merge_values(True)
        .show_value(shapes.VisibilityMode.AUTO)
        .row_height(0.8)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(shapes.LegendDisplayMode.LIST)
            .placement(shapes.LegendPlacement.BOTTOM)
        )
        .with_target(_query(0, Series(expression, legend)))
    )


def fixed_colour(colour: str) -> DynamicConfigValue:
    """An override's property that paints a series."""
    return DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
