"""Samples of many instances, as OpenMetrics text: every metric of ours, with its usual labels.

A day of every series of 200 instances is 800 million samples. One instance has them all; of the
others only those that a board reads of each instance over its whole time range, and the last
minutes of the rest: what rules add up is as large with one instance as with 200.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dashboards import board_json, fleet
from dashboards.promql import CHOSEN, RANGE
from service import metrics, objectives
from telemetry import names
from telemetry.names import Metric

ROUTES: Final = tuple(
    f"/api/v1/{name}"
    for name in (
        *("blog/posts", "sessions", "files", "auth/login", "companion/messages"),
        *(f"subjects/{number}" for number in range(5)),
    )
)
VALUES: Final[dict[str, tuple[str, ...]]] = {
    names.METHOD: ("GET",),
    names.ROUTE: (*ROUTES, *objectives.HEALTH_ROUTES[:1]),
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
_SELECTOR: Final = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")

_GROWTH_SECONDS: Final = 15
_DENSE_SECONDS: Final = 3900
_SPARSE: Final = 8

Line = tuple[str, int]
"""Text of a sample up to its value, and by how much it grows in 15 seconds."""


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


@dataclass(frozen=True, slots=True)
class Part:
    """Series with the same times; each counter was 0 at the first of them."""

    lines: Sequence[Line]
    times: Times


def parts(instances: int, times: Times, recent_seconds: int) -> list[Part]:
    """Return the series of so many instances.

    Args:
        instances: The first one has every series at all times.
        times: Of the scrapes; of the others every eighth one, before the last hour.
        recent_seconds: Of which the others have all of their series.
    """
    first, others = (
        instance(0),
        [line for number in range(1, instances) for line in instance(number)],
    )
    whole = read_of_each_instance()
    recent = Times(max(times.start, times.end - recent_seconds), times.end, times.interval)
    return [
        Part(list(first), times),
        *_twice(Part([line for line in others if _name(line) in whole], times)),
        Part([line for line in others if _name(line) not in whole], recent),
    ]


def _twice(part: Part) -> tuple[Part, Part]:
    start, end, interval = part.times.start, part.times.end, part.times.interval
    dense = max(start, end - _DENSE_SECONDS)
    sparse = Times(start, dense, _SPARSE * interval)
    return Part(part.lines, sparse), Part(part.lines, Times(dense, end, interval))


def read_of_each_instance() -> frozenset[str]:
    """Return the series that boards and rules read of every instance over a whole time range."""
    counters = {one.record: one.counter for one in fleet.OF_WORKERS.values()}
    found: set[str] = set()
    for query in (*board_json.queries(), *board_json.annotations()):
        if query.exemplars or (query.instant and RANGE not in query.expression):
            continue
        selectors = _SELECTOR.findall(query.expression)
        found |= {
            counters.get(name, name) for name, matchers in selectors if CHOSEN not in matchers
        }
    return frozenset(found)


def _name(line: Line) -> str:
    return line[0].partition("{")[0]


def instance(number: int) -> Iterator[Line]:
    """Yield the series of one instance; four are on a machine."""
    host, slot = divmod(number, 4)
    worker = (
        'service_name="serene",deployment_environment_name="production",job="serene",'
        f'service_version="1.{number % 2}",service_instance_id="host-{host}/{slot}",'
        f'instance="10.0.{host}.1:{9464 + slot}"'
    )
    for metric in (*names.ALL, *metrics.ALL, *PROCESS):
        yield from _of_metric(metric, worker, number)


def _of_metric(metric: Metric, worker: str, number: int) -> Iterator[Line]:
    choices = [[(label, value) for value in VALUES.get(label, ("one",))] for label in metric.labels]
    # No two grow alike, so that none of the highest ones is chosen by chance.
    for factor, combination in enumerate(itertools.product(*choices), start=1 + number):
        labels = ",".join([worker, *(f'{label}="{value}"' for label, value in combination)])
        if metric.kind != "histogram":
            yield f"{metric.name}{{{labels}}} ", factor if metric.kind == "counter" else 0
            continue
        bounds = (*metric.buckets, math.inf)
        for index, bound in enumerate(bounds, start=1):
            le = "+Inf" if bound == math.inf else f"{bound:g}"
            yield f'{metric.name}_bucket{{{labels},le="{le}"}} ', index * factor
        yield f"{metric.name}_count{{{labels}}} ", len(bounds) * factor
        yield f"{metric.name}_sum{{{labels}}} ", factor


def texts(part: Part, times: range) -> Iterator[str]:
    """Yield the text of a part's samples, for each time."""
    for time in times:
        steps = (time - part.times.start) // _GROWTH_SECONDS
        yield "".join([f"{text}{1 + growth * steps} {time}\n" for text, growth in part.lines])
