"""The few PromQL shapes that every query is composed of.

Each selector carries the boards' variables, so no panel can omit one. No metric is named here.
"""

from typing import Final

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

_OF_THE_SCRAPER: Final = ("up", "scrape_")

_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


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
    name = metric.name if isinstance(metric, Metric) else metric
    return selector(
        name + suffix, *(TARGET if name.startswith(_OF_THE_SCRAPER) else SELECTED), *matchers
    )


def rate(metric: Metric | str, *matchers: str, suffix: str = "", window: str = WINDOW) -> str:
    """Return a counter's increase per second over ``window``; see ``increase``."""
    counter = series(metric, *matchers, suffix=suffix)
    return f"({_born(counter, window)} / {seconds(window)} or rate({counter}[{window}]))"


def increase(metric: Metric | str, *matchers: str, suffix: str = "", window: str = WINDOW) -> str:
    """Return a counter's increase over ``window``, its first event included.

    A counter with labels has no series before it counts something, and Prometheus sees no increase
    in a series that begins with 1: the one failure of a quiet day would be nowhere.
    """
    counter = series(metric, *matchers, suffix=suffix)
    return f"({_born(counter, window)} or increase({counter}[{window}]))"


def seconds(window: str) -> str:
    """Return the length of ``window`` as a number; Grafana knows its own only as a text."""
    if window[:-1].isdigit():
        return str(int(window[:-1]) * _UNITS[window[-1]])
    return f"scalar(increase(vector(time())[{window}:5s]))"


def _born(counter: str, window: str) -> str:
    """Return the series that did not exist a window ago: their value is their increase.

    Only those of a worker that was seen a window ago, or that has started since. Else Prometheus
    was away, and the value is from before.
    """
    started = series("process_start_time_seconds")
    return (
        f"({counter} unless {counter} offset {window} and on({OF_A_WORKER})"
        f" ({started} offset {window} or {started} > time() - {seconds(window)}))"
    )


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


def rank_of_counter(metric: Metric | str, *matchers: str, suffix: str = "") -> str:
    """Return each series' increase in the time range, for ``highest``.

    Without first events: they decide no rank.
    """
    return f"increase({series(metric, *matchers, suffix=suffix)}[{RANGE}] @ end())"


def quantile(
    share: float, metric: Metric, *matchers: str, by: tuple[str, ...] = (), window: str = WINDOW
) -> str:
    """Return a histogram's quantile over ``window`` for each value of the labels ``by``."""
    increases = total(rate(metric, *matchers, suffix="_bucket", window=window), "le", *by)
    return f"histogram_quantile({share}, {increases})"


def mean(metric: Metric, *matchers: str, by: tuple[str, ...] = (), window: str = WINDOW) -> str:
    """Return a histogram's mean over ``window`` for each value of the labels ``by``."""
    seconds, count = (
        total(rate(metric, *matchers, suffix=suffix, window=window), *by)
        for suffix in ("_sum", "_count")
    )
    return ratio(seconds, count)


def buckets(metric: Metric, *matchers: str) -> str:
    """Return a histogram's buckets for a heatmap."""
    return total(increase(metric, *matchers, suffix="_bucket"), "le")


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
