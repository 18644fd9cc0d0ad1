"""PromQL of rules: over every environment, service and worker, without a board's variables."""

from typing import Final

from dashboards.time_scale import in_seconds
from telemetry.names import Metric

ENVIRONMENT: Final = "deployment_environment_name"
SERVICE: Final = "service_name"
VERSION: Final = "service_version"
WORKER: Final = "service_instance_id"
OF_SERVICE: Final = (ENVIRONMENT, SERVICE)
OF_WORKER: Final = (*OF_SERVICE, WORKER)

STARTED: Final = "process_start_time_seconds"
UP: Final = f'up{{{SERVICE}!=""}}'
"""1 or 0 of each worker that is to be scraped; the Collector's own series have no service."""


def selector(metric: Metric | str, *matchers: str, suffix: str = "") -> str:
    """Return a selector of a metric's series; ``suffix`` as ``_count`` of a histogram."""
    name = (metric.name if isinstance(metric, Metric) else metric) + suffix
    return f"{name}{{{', '.join(matchers)}}}" if matchers else name


def increase(counter: str, window: str) -> str:
    """Return a counter's increase over ``window``, its first event included.

    A counter with labels has no series before it counts something. One that did not exist a window
    ago has increased by its value, if its worker existed then or has started since; else Prometheus
    was away.
    """
    return f"({_born(counter, window)} or increase({counter}[{window}]))"


def rate(counter: str, window: str) -> str:
    """Return a counter's increase per second over ``window``; see ``increase``."""
    return f"({_born(counter, window)} / {in_seconds(window):g} or rate({counter}[{window}]))"


def _born(counter: str, window: str) -> str:
    return (
        f"({counter} unless {counter} offset {window} and on({WORKER})"
        f" ({STARTED} offset {window} or {STARTED} > time() - {in_seconds(window):g}))"
    )


def total(expression: str, *by: str) -> str:
    """Return the sum for each value of the labels ``by``."""
    return f"sum by ({', '.join(by)}) ({expression})"


def largest(expression: str, *by: str) -> str:
    """Return the maximum for each value of the labels ``by``."""
    return f"max by ({', '.join(by)}) ({expression})"


def smallest(expression: str, *by: str) -> str:
    """Return the minimum for each value of the labels ``by``."""
    return f"min by ({', '.join(by)}) ({expression})"


def quantile(share: float, metric: Metric, window: str, *by: str) -> str:
    """Return a histogram's quantile over ``window`` for each value of the labels ``by``."""
    buckets = total(rate(selector(metric, suffix="_bucket"), window), "le", *by)
    return f"histogram_quantile({share}, {buckets})"


def or_zero(expression: str) -> str:
    """Return ``expression`` by service, and 0 for services whose workers report nothing of it."""
    return f"({expression} or 0 * {total(UP, *OF_SERVICE)})"


def failed_ratio(part: str, whole: str, *, at_least: float) -> str:
    """Return ``part / whole``; no data unless ``part`` is at least so much."""
    return f"({part} >= {at_least:g}) / {whole}"
