"""The few PromQL shapes that every query is composed of.

Each selector carries the boards' variables, so no panel can omit one. No metric is named here.
What is added up over instances reads the sums that rules record while all instances are selected,
and the raw series of the chosen ones else: ``summed_rate``.
"""

from typing import Final

from dashboards import fleet
from telemetry.names import Metric

WINDOW: Final = "$__rate_interval"
RANGE: Final = "$__range"

ENVIRONMENT_LABEL: Final = "deployment_environment_name"
SERVICE_LABEL: Final = "service_name"
VERSION_LABEL: Final = "service_version"
WORKER: Final = "service_instance_id"

ENVIRONMENT: Final = f'{ENVIRONMENT_LABEL}=~"$environment"'
SERVICE: Final = f'{SERVICE_LABEL}=~"$service"'
VERSION: Final = f'{VERSION_LABEL}=~"$version"'
INSTANCE: Final = f'{WORKER}=~"$instance"'
TARGET: Final = (ENVIRONMENT, SERVICE, INSTANCE)
"""Matchers of what the scraper writes of a worker, ``up`` and ``scrape_*``: without a version."""
SELECTED: Final = (ENVIRONMENT, SERVICE, VERSION, INSTANCE)
"""Matchers of every series of a worker."""
OF_A_WORKER: Final = f"{SERVICE_LABEL}, {WORKER}"
"""Labels that name one worker; two services of one machine have the same instances."""

CHOSEN: Final = f'{SERVICE_LABEL}!~"$instance"'
"""Matches no series while all instances are selected, and each one else.

All is the pattern ``.*``, which no name differs from; Prometheus finds that out without reading an
index. The pattern of chosen instances matches no service's name.
"""

_OF_THE_SCRAPER: Final = ("up", "scrape_")

_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_SECONDS: Final = {WINDOW: "($__rate_interval_ms / 1000)", RANGE: "$__range_s"}
"""Grafana's own windows as numbers of seconds."""


def selector(name: str, *matchers: str) -> str:
    """Return a selector with exactly these matchers."""
    return f"{name}{{{', '.join(matchers)}}}"


def series(metric: Metric | str, *matchers: str, suffix: str = "") -> str:
    """Return a selector of one metric's series, filtered by the board's variables.

    Args:
        metric: From ``telemetry.names``, or the name of a collector's metric.
        matchers: Further label matchers, such as ``state="ready"``.
        suffix: ``_bucket``, ``_count`` or ``_sum`` of a histogram.
    """
    name = name_of(metric)
    return selector(
        name + suffix, *(TARGET if name.startswith(_OF_THE_SCRAPER) else SELECTED), *matchers
    )


def rate(metric: Metric | str, *matchers: str, suffix: str = "", window: str = WINDOW) -> str:
    """Return a counter's increase per second over ``window``; see ``increase``."""
    counter = series(metric, *matchers, suffix=suffix)
    born = _born(counter, window, CHOSEN if CHOSEN in matchers else "")
    return f"({born} / {seconds(window)} or rate({counter}[{window}]))"


def increase(metric: Metric | str, *matchers: str, suffix: str = "", window: str = WINDOW) -> str:
    """Return a counter's increase over ``window``, its first event included.

    A counter with labels has no series before it counts something, and Prometheus sees no increase
    in a series that begins with 1: the one failure of a quiet day would be nowhere.
    """
    counter = series(metric, *matchers, suffix=suffix)
    born = _born(counter, window, CHOSEN if CHOSEN in matchers else "")
    return f"({born} or increase({counter}[{window}]))"


def seconds(window: str) -> str:
    """Return the length of ``window`` as a number."""
    if window[:-1].isdigit():
        return str(int(window[:-1]) * _UNITS[window[-1]])
    return _SECONDS[window]


def _born(counter: str, window: str, matcher: str) -> str:
    """Return the series that did not exist a window ago: their value is their increase.

    Only those of a worker that was seen a window ago, or that has started since. Else Prometheus
    was away, and the value is from before.
    """
    started = series("process_start_time_seconds", *([matcher] if matcher else ()))
    return (
        f"({counter} unless {counter} offset {window} and on({OF_A_WORKER})"
        f" ({started} offset {window} or {started} > time() - {seconds(window)}))"
    )


def summed_rate(
    metric: Metric | str,
    *matchers: str,
    by: tuple[str, ...] = (),
    suffix: str = "",
    window: str = WINDOW,
) -> str:
    """Return the sum of a counter's rates over the instances, for each value of the labels ``by``.

    While all instances are selected it is the mean of the recorded sums, which are of a minute
    each: a graph's point is of ``window`` and the minute before it.

    Raises:
        KeyError: No rule records the counter's sum; see ``dashboards.fleet``.
    """
    if WORKER in by:
        return total(rate(metric, *matchers, suffix=suffix, window=window), *by)
    chosen = total(rate(metric, CHOSEN, *matchers, suffix=suffix, window=window), *by)
    recorded = total(_recorded(name_of(metric) + suffix, matchers, window), *by)
    return f"({recorded} / {evaluations(window)} or {chosen})"


def summed_increase(
    metric: Metric | str,
    *matchers: str,
    by: tuple[str, ...] = (),
    suffix: str = "",
    window: str = WINDOW,
) -> str:
    """Return the sum of a counter's increases over the instances; see ``summed_rate``."""
    if WORKER in by:
        return total(increase(metric, *matchers, suffix=suffix, window=window), *by)
    chosen = total(increase(metric, CHOSEN, *matchers, suffix=suffix, window=window), *by)
    recorded = total(_recorded(name_of(metric) + suffix, matchers, window), *by)
    return f"({recorded} * {seconds(window)} / {evaluations(window)} or {chosen})"


def _recorded(counter: str, matchers: tuple[str, ...], window: str) -> str:
    return f"sum_over_time({series(fleet.SUMS[counter].record, *matchers)}[{window}])"


def evaluations(window: str) -> str:
    """Return the number of evaluations in a window: found, and at least those that fit into it.

    Not the number of a recorded series: one that has begun within the window was 0 before. Windows
    that hold no whole number of intervals have one more at times; of a rule that has just begun, or
    while Prometheus was away, there are fewer, and nothing is extrapolated.
    """
    interval = seconds(fleet.INTERVAL)
    length = seconds(window)
    if length.isdigit():
        least = str(int(length) // int(interval))
    else:
        least = f"scalar(floor(vector({length} / {interval})))"
    found = f"count_over_time({fleet.EVALUATIONS}{{}}[{window}])"
    return f"scalar(clamp_min({found}, {least}))"


def name_of(metric: Metric | str) -> str:
    """Return the name of a metric."""
    return metric.name if isinstance(metric, Metric) else metric


def total(expression: str, *by: str) -> str:
    """Return the sum for each value of the labels ``by``."""
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"


def largest(expression: str, *by: str) -> str:
    """Return the maximum for each value of the labels ``by``."""
    return f"max by ({', '.join(by)}) ({expression})" if by else f"max({expression})"


def smallest(expression: str, *by: str) -> str:
    """Return the minimum for each value of the labels ``by``."""
    return f"min by ({', '.join(by)}) ({expression})" if by else f"min({expression})"


def middle(expression: str) -> str:
    """Return the median of all series: with the largest one, 200 workers as two lines."""
    return f"quantile(0.5, {expression})"


def top(count: int, expression: str) -> str:
    """Return the ``count`` largest series above 0, at each time."""
    return f"topk({count}, {expression} > 0)"


def highest(count: int, expression: str, rank: str, *on: str) -> str:
    """Return the series of ``expression`` that are the highest over the whole time range.

    ``topk`` alone chooses anew at each step, so that a graph has many more than ``count`` lines.

    Args:
        count: Number of lines.
        expression: Series with the labels ``on``.
        rank: From ``rank_of_gauge`` or ``rank_of_counter``: the same at each step.
        on: Labels that name a line.
    """
    labels = ", ".join(on)
    return f"{expression} and on({labels}) topk({count}, max by ({labels}) ({rank}))"


def rank_of_gauge(metric: Metric | str, *matchers: str) -> str:
    """Return each series' highest value in the time range, for ``highest``."""
    return f"max_over_time({series(metric, *matchers)}[{RANGE}] @ end())"


def rank_of_counter(
    metric: Metric | str, *matchers: str, suffix: str = "", window: str = RANGE
) -> str:
    """Return each series' increase at the end of the time range, for ``highest``.

    Without first events: they decide no rank. While all instances are selected it is that of the
    recorded sums, times a constant.
    """
    chosen = series(metric, CHOSEN, *matchers, suffix=suffix)
    recorded = series(fleet.SUMS[name_of(metric) + suffix].record, *matchers)
    return f"(sum_over_time({recorded}[{window}] @ end()) or increase({chosen}[{window}] @ end()))"


def quantile(
    share: float, metric: Metric, *matchers: str, by: tuple[str, ...] = (), window: str = WINDOW
) -> str:
    """Return a histogram's quantile over ``window`` for each value of the labels ``by``."""
    rates = summed_rate(metric, *matchers, by=("le", *by), suffix="_bucket", window=window)
    return f"histogram_quantile({share}, {rates})"


def mean(metric: Metric, *matchers: str, by: tuple[str, ...] = (), window: str = WINDOW) -> str:
    """Return a histogram's mean over ``window`` for each value of the labels ``by``."""
    seconds, count = (
        summed_rate(metric, *matchers, by=by, suffix=suffix, window=window)
        for suffix in ("_sum", "_count")
    )
    return ratio(seconds, count)


def buckets(metric: Metric, *matchers: str) -> str:
    """Return a histogram's buckets for a heatmap."""
    return summed_increase(metric, *matchers, by=("le",), suffix="_bucket")


def exemplars(metric: Metric, *matchers: str) -> str:
    """Return a query of no value that names a histogram's buckets, whose exemplars it asks for.

    Prometheus keeps exemplars with raw series, and returns those of each series that a query
    names, of any instant; 1970 costs nothing to read.
    """
    named = series(metric, *matchers, suffix="_bucket")
    return f"histogram_quantile(0.5, {total(f'rate({named}[1m] @ 0)', 'le')})"


def ratio(part: str, whole: str) -> str:
    """Return ``part / whole``; no data where the whole is 0, which is neither good nor bad."""
    return f"({part}) / ({whole} > 0)"


def without_nan(expression: str) -> str:
    """Return ``expression`` without NaN, which is the quantile of an empty histogram."""
    return f"({expression}) >= 0"


def or_zero(expression: str, reporting: str, label: str = "") -> str:
    """Return ``expression``, or 0 when it has no series although workers report.

    A labelled counter has no series before its first increment: while a worker reports, that is 0.
    While none does, there is no data.

    Args:
        expression: A counter's rate or increase.
        reporting: A gauge that every reporting worker exposes.
        label: Label of ``expression`` that gets the value ``none``, for the legend.
    """
    zero = f"0 * count({reporting})"
    zero = f'label_replace({zero}, "{label}", "none", "", "")' if label else f"({zero})"
    return f"({expression}) or on() {zero}"
