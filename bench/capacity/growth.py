"""How cost grows with instances, and which rules keep it flat."""

from dataclasses import dataclass
from typing import Final

from bench.capacity.figures import Figures
from bench.capacity.plan import ASSUMED, DAY_SECONDS, Assumptions, Mean, kept_share, worker_rate
from dashboards import fleet

INSTANCES: Final = 1000
RETENTION_DAYS: Final = {"metrics": 35, "traces": 1, "lines": 7}
"""Of Prometheus (stack/backends.py), Tempo and Loki (deploy/)."""
BUDGET: Final = 50
"""Spans a second and worker, of a fleet of so many (``TELEMETRY_KEPT_SPANS_PER_SECOND``)."""
GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class Growth:
    """Cost at so many instances, each at the peak.

    Args:
        instances: Workers.
        series, native_series: With classic and with native histograms.
        samples: A second.
        scrape_mb: Read by all scrapes in a second.
        memory_gib: Of Prometheus, for the series in memory.
        disk_gib: Of Prometheus.
        native_disk_gib: The same with native histograms, at as many bytes a series.
        board_series: Read by a graph of latency by route, straight from the workers.
        recorded_series: Recorded over all instances: what boards read.
        recorded_by_worker: Recorded of each instance.
        all_spans: A second, with every trace kept.
        spans: A second, with the ratio and what was slow or failed.
        most_spans: A second, when everything is slow or fails: the ratio, and a budget that is
            lower than the default, which is more than one worker makes at its peak.
        span_gib: On the disk of Tempo, before it compresses.
        line_gib: On the disk of Loki, before it compresses.
    """

    instances: int
    series: int
    native_series: int
    samples: float
    scrape_mb: float
    memory_gib: float
    disk_gib: float
    native_disk_gib: float
    board_series: int
    recorded_series: int
    recorded_by_worker: int
    all_spans: float
    spans: float
    most_spans: float
    span_gib: float
    line_gib: float


def growth(figures: Figures, instances: int = INSTANCES, assumed: Assumptions = ASSUMED) -> Growth:
    """Return the cost of so many instances."""
    one, mean = figures.series, Mean.of(figures)
    rate = instances * worker_rate(figures, assumed)
    series = instances * one.total
    # A classic histogram is its buckets, a sum and a count; a native one is one series.
    native = instances * (one.total - one.buckets - one.histograms)
    samples = series / assumed.scrape_seconds

    def disk(samples: float) -> float:
        seconds = RETENTION_DAYS["metrics"] * DAY_SECONDS
        return samples * assumed.bytes_a_sample * seconds / GIB

    return Growth(
        instances=instances,
        series=series,
        native_series=native,
        samples=samples,
        scrape_mb=instances * one.scrape_bytes / assumed.scrape_seconds / 1e6,
        memory_gib=series * assumed.bytes_a_series / GIB,
        disk_gib=disk(samples),
        native_disk_gib=disk(native / assumed.scrape_seconds),
        board_series=instances * one.request_buckets,
        recorded_series=one.recorded,
        recorded_by_worker=instances * len(fleet.OF_WORKERS),
        all_spans=rate * mean.spans,
        spans=rate * mean.spans * kept_share(assumed),
        most_spans=rate * mean.spans * assumed.ratio + instances * BUDGET,
        span_gib=rate
        * mean.span_bytes
        * kept_share(assumed)
        * RETENTION_DAYS["traces"]
        * DAY_SECONDS
        / GIB,
        line_gib=rate * mean.log_bytes * RETENTION_DAYS["lines"] * DAY_SECONDS / GIB,
    )
