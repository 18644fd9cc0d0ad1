"""The few shapes that every query is made of.

Each selector carries the boards' variables, so no panel can forget one. Nothing here knows a
metric's name.
"""

from typing import Final

from telemetry.names import Metric

WINDOW: Final = "$__rate_interval"
RANGE: Final = "$__range"

SERVICE: Final = 'service_name="$service"'
INSTANCE: Final = 'service_instance_id=~"$instance"'


def series(metric: Metric | str, *matchers: str, suffix: str = "") -> str:
    """The series of one metric that the board's variables choose.

    Args:
        metric: From ``telemetry.names``, or the name of a collector's metric.
        matchers: Further label matchers, such as ``state="ready"``.
        suffix: ``_bucket``, ``_count`` or ``_sum`` of a histogram.
    """
    name = metric.name if isinstance(metric, Metric) else metric
    return f"{name}{suffix}{{{', '.join((SERVICE, INSTANCE, *matchers))}}}"


def rate(metric: Metric | str, *matchers: str, suffix: str = "", window: str = WINDOW) -> str:
    """A counter's increase a second over ``window``."""
    return f"rate({series(metric, *matchers, suffix=suffix)}[{window}])"


def increase(metric: Metric | str, *matchers: str, suffix: str = "", window: str = WINDOW) -> str:
    """A counter's increase over ``window``."""
    return f"increase({series(metric, *matchers, suffix=suffix)}[{window}])"


def total(expression: str, *by: str) -> str:
    """The sum, for each value of the labels ``by``."""
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"


def largest(expression: str, *by: str) -> str:
    """The maximum, for each value of the labels ``by``."""
    return f"max by ({', '.join(by)}) ({expression})" if by else f"max({expression})"


def quantile(
    share: float, metric: Metric, *matchers: str, by: tuple[str, ...] = (), window: str = WINDOW
) -> str:
    """A histogram's quantile over ``window``, for each value of the labels ``by``."""
    return f"histogram_quantile({share}, {total(rate(metric, *matchers, suffix='_bucket', window=window), 'le', *by)})"


def mean(metric: Metric, *matchers: str, by: tuple[str, ...] = (), window: str = WINDOW) -> str:
    """A histogram's mean over ``window``, for each value of the labels ``by`` that has any."""
    seconds, count = (
        total(rate(metric, *matchers, suffix=suffix, window=window), *by)
        for suffix in ("_sum", "_count")
    )
    return ratio(seconds, count)


def buckets(metric: Metric, *matchers: str) -> str:
    """A histogram's buckets for a heatmap."""
    return total(increase(metric, *matchers, suffix="_bucket"), "le")


def ratio(part: str, whole: str) -> str:
    """``part`` of ``whole``.

    No data where the whole is 0, since no share of nothing is good or bad.
    """
    return f"({part}) / ({whole} > 0)"


def if_any(expression: str) -> str:
    """``expression`` without NaN, which a quantile of nothing is; no data then."""
    return f"({expression}) >= 0"


def zero_when_quiet(expression: str, witness: str, label: str = "") -> str:
    """``expression``, or 0 when it has no series *and* somebody is there to say that nothing
    happened.

    A labelled counter has no series before its first increment: nothing went wrong yet, and 0 is
    the truth. When nobody reports, it is
    not: then there is no data.

    Args:
        expression: What has no series while all is well.
        witness: A gauge that each reporting instance always has.
        label: Label of ``expression`` that gets the value ``none``, for the legend.
    """
    zero = f"0 * count({witness})"
    return f"({expression}) or on() " + (
        f'label_replace({zero}, "{label}", "none", "", "")' if label else f"({zero})"
    )
