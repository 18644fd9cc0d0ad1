"""Servers for a number of concurrent users, from the measured figures and stated assumptions.

Every figure is a formula here; the assumptions are those that nothing here can measure. What the
manifests of deploy/kubernetes ask for is compared with these by a test.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.capacity.figures import Figures, RouteCost
from stack.cluster.numbers import Numbers
from stack.cluster.settings import VALUES

DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed.

    Args:
        requests_per_user: A second, of one concurrent user at the peak.
        utilisation: Of a worker's core, at the peak: the autoscaler's target, and with one of three
            zones lost 0.9.
        pool: Most connections of a worker to MongoDB, in production.
        least_workers: One in each of three zones.
        least_gateways: One may be away.
        redis_commands: Of one request whose client is counted (two scripts in one turn).
        ratio: Of traces that are kept by chance.
        slow_or_failed: Share of requests whose traces are kept whatever the ratio.
        scrape_seconds: Between two scrapes of a worker.
        bytes_a_sample: On Prometheus' disk. Source: its documentation, "Storage": 1 to 2.
        bytes_a_series: Of Prometheus' memory.
    """

    requests_per_user: float = 0.1
    utilisation: float = 0.6
    pool: int = 50
    least_workers: int = 3
    least_gateways: int = 2
    redis_commands: float = 2.0
    ratio: float = 0.1
    slow_or_failed: float = 0.02
    scrape_seconds: float = 5.0
    bytes_a_sample: float = 1.5
    bytes_a_series: float = 4096.0


ASSUMED: Final = Assumptions()


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean request of the demo traffic.

    Args:
        hub_us: Processor time of the worker's hub.
        threads_us: Of its other threads.
        commands: Of the database.
        database_ms: Waited for it.
        elapsed_ms: From the first to the last byte.
        spans, span_bytes, log_bytes: Of it.
    """

    hub_us: float
    threads_us: float
    commands: float
    database_ms: float
    elapsed_ms: float
    spans: float
    span_bytes: float
    log_bytes: float

    @classmethod
    def of(cls, figures: Figures) -> "Mean":
        """Weigh the requests by their shares."""
        whole = sum(route.share for route in figures.routes)

        def weighted(value: Callable[[RouteCost], float]) -> float:
            return sum(route.share * value(route) for route in figures.routes) / whole

        return cls(
            hub_us=weighted(lambda one: one.hub_us),
            threads_us=weighted(lambda one: one.threads_us),
            commands=weighted(lambda one: one.commands),
            database_ms=weighted(lambda one: one.database_ms),
            elapsed_ms=weighted(lambda one: one.elapsed_ms),
            spans=weighted(lambda one: one.spans),
            span_bytes=weighted(lambda one: one.span_bytes),
            log_bytes=weighted(lambda one: one.log_bytes),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a number of users needs.

    Args:
        users: At the same time.
        rate: Requests a second.
        workers: One in each pod.
        cores: Processor time of all workers at the peak.
        core_requests: Cores that the scheduler reserves for them.
        memory_gib: That the scheduler reserves for them.
        in_flight: Requests in a worker, on average.
        connections: Of clients in each worker, where each user keeps one.
        busy_pool: Connections of a worker to MongoDB in use, on average.
        needed_pool: Size of its pool that is enough for nearly every moment.
        mongodb_connections: Of all workers with full pools.
        mongodb_commands: A second.
        redis_commands: A second.
        collector_cores: Of agents and gateways, as if every trace were kept.
        gateways: Of them, with half a core each at the peak.
        series: Of all workers.
        samples: A second.
        prometheus_gib: Memory of Prometheus for these series.
        spans: A second, that are kept.
        span_bytes: A second.
        log_bytes: A second.
    """

    users: int
    rate: float
    workers: int
    cores: float
    core_requests: float
    memory_gib: float
    in_flight: float
    connections: float
    busy_pool: float
    needed_pool: int
    mongodb_connections: int
    mongodb_commands: float
    redis_commands: float
    collector_cores: float
    gateways: int
    series: int
    samples: float
    prometheus_gib: float
    spans: float
    span_bytes: float
    log_bytes: float


def plan(figures: Figures, users: int, core_request: float, assumed: Assumptions = ASSUMED) -> Plan:
    """Return what so many users need.

    Args:
        figures: As measured.
        users: At the same time.
        core_request: Cores that a pod asks for.
        assumed: See ``Assumptions``.
    """
    mean, rate = Mean.of(figures), users * assumed.requests_per_user
    workers = max(assumed.least_workers, math.ceil(rate / worker_rate(figures, assumed)))
    each = rate / workers
    busy_pool = each * mean.database_ms / 1e3
    kept = kept_share(assumed)
    collector_cores = rate * figures.pipeline.request_us / 1e6
    series = workers * figures.series.total
    return Plan(
        users=users,
        rate=rate,
        workers=workers,
        cores=rate * (mean.hub_us + mean.threads_us) / 1e6 + workers * figures.idle_worker_cores,
        core_requests=workers * core_request,
        memory_gib=workers * Numbers.of(VALUES).memory_mib / 1024,
        in_flight=each * mean.elapsed_ms / 1e3,
        connections=users / workers,
        busy_pool=busy_pool,
        needed_pool=pool_for(busy_pool),
        mongodb_connections=workers * assumed.pool,
        mongodb_commands=rate * mean.commands,
        redis_commands=rate * assumed.redis_commands,
        collector_cores=collector_cores,
        gateways=max(assumed.least_gateways, math.ceil(collector_cores / 0.5)),
        series=series,
        samples=series / assumed.scrape_seconds,
        prometheus_gib=series * assumed.bytes_a_series / 2**30,
        spans=rate * mean.spans * kept,
        span_bytes=rate * mean.span_bytes * kept,
        log_bytes=rate * mean.log_bytes,
    )


def worker_rate(figures: Figures, assumed: Assumptions = ASSUMED) -> float:
    """Return the requests a second of the demo traffic that one worker takes at the peak.

    The hub is what is full first: it is one thread, and hashes of passwords are on others.
    """
    return (assumed.utilisation - figures.idle_worker_cores) / (Mean.of(figures).hub_us / 1e6)


def pool_for(busy: float) -> int:
    """Return the size of a pool that is enough for nearly every moment.

    Requests that arrive by chance have a number in use that varies with the root of its mean; four
    of those above the mean are exceeded in less than one moment of ten thousand.

    Source: Poisson distribution; M/G/infinity queue.
    """
    return max(2, math.ceil(busy + 4 * math.sqrt(busy)))


def kept_share(assumed: Assumptions = ASSUMED) -> float:
    """Return the share of traces that are kept: by chance, or because they were slow or failed."""
    return assumed.ratio + (1 - assumed.ratio) * assumed.slow_or_failed
