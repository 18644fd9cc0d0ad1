"""The registry of one worker, and its instruments made from ``names``.

There is no module-level registry: whoever composes the process makes one ``Metrics`` and hands it down. An instrument is made once and
always under the name, labels and buckets that ``names`` gives it.
"""

from typing import cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from telemetry.names import Metric


class Metrics:
    """Instruments on one registry.

    Args:
        registry: Where they are registered; a new one that can be restricted by name when not given.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry(auto_describe=True)
        self._made: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, metric: Metric) -> Counter:
        """The counter of that name, made at the first call."""
        return cast(Counter, self._instrument(metric, "counter"))

    def gauge(self, metric: Metric) -> Gauge:
        """The gauge of that name, made at the first call."""
        return cast(Gauge, self._instrument(metric, "gauge"))

    def histogram(self, metric: Metric) -> Histogram:
        """The histogram of that name, made at the first call."""
        return cast(Histogram, self._instrument(metric, "histogram"))

    def _instrument(self, metric: Metric, kind: str) -> Counter | Gauge | Histogram:
        if metric.kind != kind:
            raise TypeError(f"{metric.name} is a {metric.kind}, not a {kind}")
        made = self._made.get(metric.name)
        if made is None:
            made = self._made[metric.name] = self._make(metric)
        return made

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        if metric.kind == "counter":
            return Counter(metric.name, metric.help, metric.labels, registry=self.registry)
        if metric.kind == "gauge":
            return Gauge(metric.name, metric.help, metric.labels, registry=self.registry)
        return Histogram(metric.name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets)
