"""The tables of what follows: servers, what breaks first, growth; from the figures alone."""

from collections.abc import Callable, Iterator
from typing import Final

from bench.capacity.bounds import Bound, ranked
from bench.capacity.figures import Figures
from bench.capacity.growth import BUDGET, RETENTION_DAYS, Growth, growth
from bench.capacity.manifests import Manifests
from bench.capacity.plan import ASSUMED, Plan, kept_share, plan
from bench.capacity.tables import number, table

USERS: Final = (1_000, 10_000, 100_000)
SHOWN: Final = 4
"""Bounds in the table of what breaks first."""
NEAR: Final = 0.5
"""Share of a bound above which its remedy is shown."""


def servers(figures: Figures) -> str:
    """Return what so many users need."""
    plans = [plan(figures, users, Manifests.read().core_request) for users in USERS]
    rows: list[tuple[str, Callable[[Plan], str]]] = [
        ("requests a second", lambda one: number(one.rate)),
        ("workers, a pod each", lambda one: number(one.workers, 6)),
        ("vCPU used; reserved", lambda one: f"{number(one.cores)}; {number(one.core_requests)}"),
        ("memory reserved", lambda one: f"{number(one.memory_gib)} GiB"),
        ("requests in flight in a worker", lambda one: number(one.in_flight, 2)),
        ("connections of users to a worker", lambda one: number(one.connections)),
        (
            "pool of a worker: in use, enough",
            lambda one: f"{number(one.busy_pool, 2)}, {one.needed_pool}",
        ),
        (
            "connections to MongoDB: pools of 50, pools that are enough",
            lambda one: (
                f"{number(one.mongodb_connections, 6)}, {number(one.workers * one.needed_pool, 6)}"
            ),
        ),
        ("commands of MongoDB", lambda one: f"{number(one.mongodb_commands)}/s"),
        ("commands of Redis", lambda one: f"{number(one.redis_commands)}/s"),
        (
            "Collectors: cores for spans and lines; gateways",
            lambda one: f"{number(one.collector_cores, 2)}; {one.gateways}",
        ),
        (
            "Prometheus: series; samples a second; memory",
            lambda one: (
                f"{number(one.series)}; {number(one.samples)}; {number(one.prometheus_gib)} GiB"
            ),
        ),
        (
            "spans kept",
            lambda one: f"{number(one.spans)}/s, {number(one.span_bytes / 1e6)} MB/s",
        ),
        (
            "lines",
            lambda one: f"{number(one.rate)}/s, {number(one.log_bytes / 1e6)} MB/s",
        ),
    ]
    head = ["concurrent users", *(f"{users:,}" for users in USERS)]
    return table(head, [[name, *(cell(one) for one in plans)] for name, cell in rows])


def breaks(figures: Figures) -> str:
    """Return the bounds that are reached first, for each number of users."""
    manifests = Manifests.read()
    rows = [
        row
        for users in USERS
        for row in _breaks(plan(figures, users, manifests.core_request), manifests)
    ]
    return table(("users", "what", "needs", "bound", "set by", "then"), rows)


def _breaks(one: Plan, manifests: Manifests) -> Iterator[list[str]]:
    for bound in ranked(one, manifests)[:SHOWN]:
        yield [f"{one.users:,}", *_bound(bound, one)]


def _bound(bound: Bound, one: Plan) -> list[str]:
    use = bound.use(one)
    shown = f"**{use:.0%}**" if use > 1 else f"{use:.0%}"
    unit = f" {bound.unit}" if bound.unit else ""
    return [
        bound.name,
        f"{number(bound.need(one))}{unit}, {shown}",
        f"{number(bound.most)}{unit}",
        bound.whence,
        bound.then if use > NEAR else "",
    ]


def fleet_growth(figures: Figures) -> str:
    """Return the cost of a thousand instances, and the rules that keep it flat."""
    one = growth(figures)
    rows = [*_metrics(one), *_spans_and_lines(one)]
    return table(("at 1,000 instances", "without the rule", "with it", "rule"), rows)


Row = tuple[str, str, str, str]


def _metrics(one: Growth) -> list[Row]:
    days = RETENTION_DAYS
    return [
        (
            "series",
            number(one.series),
            f"{number(one.native_series)} with native histograms",
            "label values are bounded: no path, no id; a route that is not known is one value",
        ),
        (
            "samples a second; memory of Prometheus",
            f"{number(one.samples)}; {number(one.memory_gib)} GiB",
            f"{number(one.native_series / ASSUMED.scrape_seconds)}; "
            f"{number(one.native_series * ASSUMED.bytes_a_series / 2**30)} GiB",
            "native histograms; a longer interval divides samples, not series",
        ),
        (
            "read by scrapes",
            f"{number(one.scrape_mb)} MB/s",
            "",
            "each worker's own thread renders it; agents of nodes share the reading",
        ),
        (
            f"disk of Prometheus, {days['metrics']} days",
            f"{number(one.disk_gib)} GiB",
            f"{number(one.native_disk_gib)} GiB",
            "recording rules over all instances for months, raw series for days",
        ),
        (
            "series read by a graph of latency",
            number(one.board_series),
            f"at most the {number(one.recorded_series)} that rules record",
            "boards at All read recording rules, whose number does not grow "
            f"(and {number(one.recorded_by_worker)} by worker)",
        ),
    ]


def _spans_and_lines(one: Growth) -> list[Row]:
    days = RETENTION_DAYS
    return [
        (
            "spans a second",
            f"{number(one.all_spans)} with every trace",
            f"{number(one.spans)} with a ratio of {ASSUMED.ratio:g}",
            "the ratio; slow and failed ones are always kept",
        ),
        (
            "spans a second, everything slow",
            f"{number(one.all_spans)}",
            f"at most {number(one.most_spans)}",
            f"`TELEMETRY_KEPT_SPANS_PER_SECOND={BUDGET}`, shared by route and reason",
        ),
        (
            f"disk of Tempo, {days['traces']} day",
            f"{number(one.span_gib / kept_share())} GiB",
            f"{number(one.span_gib)} GiB",
            "the ratio",
        ),
        (
            f"disk of Loki, {days['lines']} days",
            f"{number(one.line_gib)} GiB",
            "",
            "one line a request; `TELEMETRY_REQUEST_LOG=false` where spans are enough",
        ),
    ]
