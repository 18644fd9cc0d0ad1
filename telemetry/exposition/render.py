"""Renders a registry in slices.

prometheus_client's own renderer takes every value's lock and builds every line anew: 10,000 series
hold the interpreter for a quarter of a second. Plain instruments are rendered by ``lines``; all
others (custom collectors, Info, Enum, names that need escaping) by prometheus_client, family by
family, so that nothing is lost or written twice.

Private attributes of prometheus_client are read here and in ``lines``;
``tests/telemetry/exposition/`` fails on a new version.

Source: OpenMetrics 1.0.0; Prometheus text exposition format 0.0.4.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import InfoMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from telemetry.exposition.lines import InstrumentLines, is_plain
from telemetry.exposition.negotiation import Format
from telemetry.guard import Guard

SLICE_LINES = 500
_END = b"# EOF\n"


class Exposition:
    """Renders one registry, repeatedly and from any number of threads.

    Args:
        registry: The registry to render.
        guard: Stands around each collector, so that a broken one loses only its own family.
        labels: Of every sample but ``target_info``'s, beside its own.
    """

    def __init__(
        self, registry: CollectorRegistry, guard: Guard, labels: Mapping[str, str] | None = None
    ) -> None:
        self._registry = registry
        self._guard = guard
        self._labels = dict(labels or {})
        self._plain: dict[Collector, InstrumentLines] = {}

    def render(self, form: Format, slice_lines: int = SLICE_LINES) -> Iterator[bytes]:
        """Render all collectors.

        Args:
            form: From ``choose_format``.
            slice_lines: Approximate number of lines of a slice; a family that prometheus_client
                renders is never split.

        Yields:
            UTF-8 slices of whole lines. A character that cannot be encoded (a lone surrogate in a
            label) becomes ``?``.
        """
        parts: list[str] = []
        size = 0
        for lines, part in self._parts(form):
            parts.append(part)
            size += lines
            if size >= slice_lines:
                yield "".join(parts).encode(errors="replace")
                parts.clear()
                size = 0
        yield "".join(parts).encode(errors="replace") + (_END if form.openmetrics else b"")

    def _parts(self, form: Format) -> Iterator[tuple[int, str]]:
        # A dictionary's copy() runs no Python code, so it is atomic and needs no lock.
        collectors = self._registry._collector_to_names.copy()
        for gone in self._plain.keys() - collectors.keys():
            self._plain.pop(gone, None)
        target = self._registry._target_info
        if target:
            yield from _by_client(
                _Families([InfoMetricFamily("target", "Target metadata", target)]), form
            )
        for collector in collectors:
            with self._guard.at("exposition"):
                if form.keeps_plain_names and is_plain(collector):
                    yield from self._lines_of(collector).parts(form.openmetrics)
                else:
                    labelled = _Labelled(collector, self._labels) if self._labels else collector
                    yield from _by_client(labelled, form)

    def _lines_of(self, collector: Collector) -> InstrumentLines:
        lines = self._plain.get(collector)
        if lines is None:
            lines = self._plain.setdefault(collector, InstrumentLines(collector, self._labels))
        return lines


class _Families:
    """Existing families as a collector."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


class _Labelled:
    """A collector whose samples have further labels."""

    def __init__(self, collector: Collector, labels: Mapping[str, str]) -> None:
        self._collector = collector
        self._labels = labels

    def collect(self) -> Iterator[Family]:
        for family in self._collector.collect():
            # A copy: a collector may return the same families each time.
            labelled = copy(family)
            labelled.samples = [
                sample._replace(labels={**self._labels, **sample.labels})
                for sample in family.samples
            ]
            yield labelled


def _by_client(collector: Collector, form: Format) -> Iterator[tuple[int, str]]:
    text = form.encoder(collector).removesuffix(_END).decode()
    yield text.count("\n"), text
