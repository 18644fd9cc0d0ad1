"""MongoDB's connection pools as gauges: the clients of a worker, added up by server address.

Collected in whatever thread scrapes, from copies; it changes nothing and takes no lock.
"""

import weakref
from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from telemetry import names
from telemetry.mongo.connections import Connections, PoolSnapshot, copied
from telemetry.mongo.pool import PoolListener


class PoolCollector(Collector):
    """The gauges of every pool of a worker; a pool that is closed has none."""

    def __init__(self) -> None:
        self._listeners: weakref.WeakSet[PoolListener] = weakref.WeakSet()

    def add(self, listener: PoolListener) -> None:
        """Expose a client's pools for as long as the client lives."""
        self._listeners.add(listener)

    @property
    def listeners(self) -> tuple[PoolListener, ...]:
        """The listeners of living clients; safe to read from any thread."""
        return copied(lambda: list(self._listeners))

    def snapshots(self) -> tuple[PoolSnapshot, ...]:
        """Return one snapshot per pool, in order of address."""
        snapshots = [
            connections.snapshot() for listener in self.listeners for connections in listener.pools
        ]
        return tuple(sorted(snapshots, key=lambda snapshot: snapshot.address))

    def describe(self) -> Iterable[Metric]:
        """Return the families without samples, which registers their names before any pool."""
        return self._families().values()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges as of now."""
        families = self._families()
        for address, pools in self._by_address().items():
            snapshots = [pool.snapshot() for pool in pools]
            for state in ("used", "idle", "establishing"):
                families[names.POOL_COUNT].add_metric(
                    [address, state], sum(getattr(each, state) for each in snapshots)
                )
            families[names.POOL_PENDING].add_metric(
                [address], sum(each.pending for each in snapshots)
            )
            families[names.POOL_IDLE_MIN].add_metric(
                [address], sum(pool.min_size for pool in pools)
            )
            limits = [pool.max_size for pool in pools]
            # A pool without a limit has no maximum, and neither has a sum that includes it.
            if None not in limits:
                families[names.POOL_MAX].add_metric([address], sum(limit or 0 for limit in limits))
        yield from families.values()

    def _by_address(self) -> dict[str, list[Connections]]:
        by_address: dict[str, list[Connections]] = {}
        for listener in self.listeners:
            for pool in listener.pools:
                by_address.setdefault(pool.address, []).append(pool)
        return by_address

    @staticmethod
    def _families() -> dict[names.Metric, GaugeMetricFamily]:
        shown = (names.POOL_COUNT, names.POOL_MAX, names.POOL_IDLE_MIN, names.POOL_PENDING)
        return {
            metric: GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for metric in shown
        }
