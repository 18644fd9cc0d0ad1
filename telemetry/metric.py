"""What describes a metric: its name, kind, labels and buckets."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family.

    Args:
        name: As exposed; ends in ``_total`` for a counter, in an SI base unit where it has one.
        kind: Prometheus type.
        help: One sentence for readers of ``/metrics``.
        labels: Label names, each with a bounded set of values.
        buckets: Upper bounds of a histogram, in the metric's unit, without ``+Inf``.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def counter(name: str, help: str, *labels: str) -> Metric:
    """Describe a counter; its name ends in ``_total``."""
    return Metric(name, "counter", help, labels)


def gauge(name: str, help: str, *labels: str) -> Metric:
    """Describe a gauge."""
    return Metric(name, "gauge", help, labels)


def histogram(name: str, help: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    """Describe a histogram.

    Args:
        name: In an SI base unit, such as ``shop_checkout_seconds``.
        help: One sentence for readers of ``/metrics``.
        buckets: Upper bounds in that unit, without ``+Inf``.
        labels: Label names, each with a bounded set of values.
    """
    return Metric(name, "histogram", help, labels, buckets)
