"""Samples of many instances, as OpenMetrics text: every metric of ours, with its usual labels."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from service import metrics, objectives
from telemetry import names
from telemetry.names import Metric

ROUTES: Final = tuple(
    f"/api/v1/{name}" for name in ("blog/posts", "sessions", "files", "auth/login")
)
VALUES: Final[dict[str, tuple[str, ...]]] = {
    names.METHOD: ("GET",),
    names.ROUTE: (*ROUTES, "/api/v1/companion/messages", *objectives.HEALTH_ROUTES[:1]),
    names.STATUS: ("200", "503"),
    "phase": ("queue", "cpu", "hub_wait", "db", "db_pool_wait", "external", "threadpool", "gc"),
    "dominant_phase": ("db", "hub_wait"),
    "db_operation_name": ("find", "insert"),
    "db_collection_name": ("posts", "sessions"),
    "error_type": ("",),
    "state": ("starting", "ready", "draining", "stopped"),
    "db_client_connection_state": ("used", "idle", "establishing"),
    names.POOL: ("db:27017",),
    "kind": ("cpu", "blocked"),
    "code": ("app:render", "app:compute"),
    "decision": ("ratio", "slow", "not_kept"),
    "result": ("ok", "error"),
    "generation": ("0", "1", "2"),
}
"""Values of labels; any other label has one."""

PROCESS: Final = (
    Metric("up", "gauge", ""),
    Metric("scrape_duration_seconds", "gauge", ""),
    Metric("scrape_samples_scraped", "gauge", ""),
    Metric("python_info", "gauge", "", ("version",)),
    Metric("process_cpu_seconds_total", "counter", ""),
    Metric("process_max_fds", "gauge", ""),
    Metric("process_open_fds", "gauge", ""),
    Metric("process_resident_memory_bytes", "gauge", ""),
    Metric("process_start_time_seconds", "gauge", ""),
    Metric("python_gc_collections_total", "counter", "", ("generation",)),
    Metric("python_gc_objects_collected_total", "counter", "", ("generation",)),
    Metric("python_gc_objects_uncollectable_total", "counter", "", ("generation",)),
)


@dataclass(frozen=True, slots=True)
class Times:
    """When samples are taken, in Unix seconds.

    Args:
        start: First one.
        end: No later one.
        interval: Between two.
    """

    start: int
    end: int
    interval: int

    def within(self, begin: int, end: int) -> range:
        """Return the times from ``begin`` on and before ``end``."""
        first = max(self.start, begin)
        first += -(first - self.start) % self.interval
        return range(first, min(self.end, end), self.interval)


def prefixes(instances: int) -> Iterator[tuple[str, float]]:
    """Yield the beginning of each line, up to its value, and by how much it grows a second."""
    for number in range(instances):
        host, slot = divmod(number, 4)
        worker = (
            'service_name="serene",deployment_environment_name="production",job="serene",'
            f'service_version="1.{number % 2}",service_instance_id="host-{host}/{slot}",'
            f'instance="10.0.{host}.1:{9464 + slot}"'
        )
        for metric in (*names.ALL, *metrics.ALL, *PROCESS):
            yield from _of_metric(metric, worker)


def _of_metric(metric: Metric, worker: str) -> Iterator[tuple[str, float]]:
    choices = [[(label, value) for value in VALUES.get(label, ("one",))] for label in metric.labels]
    for combination in itertools.product(*choices):
        labels = ",".join([worker, *(f'{label}="{value}"' for label, value in combination)])
        if metric.kind != "histogram":
            yield f"{metric.name}{{{labels}}} ", 0.5 if metric.kind == "counter" else 0.0
            continue
        bounds = (*metric.buckets, math.inf)
        for index, bound in enumerate(bounds, start=1):
            le = "+Inf" if bound == math.inf else f"{bound:g}"
            yield f'{metric.name}_bucket{{{labels},le="{le}"}} ', index / len(bounds)
        yield f"{metric.name}_count{{{labels}}} ", 1.0
        yield f"{metric.name}_sum{{{labels}}} ", 0.05


def write(file: TextIO, lines: Sequence[tuple[str, float]], times: range, origin: int) -> int:
    """Write the samples of some times; returns how many.

    Args:
        file: For text.
        lines: From ``prefixes``.
        times: Unix seconds.
        origin: Time at which each counter was 0.
    """
    for time in times:
        age = time - origin
        file.writelines(f"{begin}{1 + growth * age:.1f} {time}\n" for begin, growth in lines)
    return len(times) * len(lines)
