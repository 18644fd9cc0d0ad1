"""Counters and histograms of the pools, for as long as a pool of that address exists.

Children are resolved once per pool: an event under the pool's lock only adds to a number. When the
last pool of an address is closed its series go too, so that servers which come and go leave no
series behind.
"""

from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter, Histogram

from telemetry import names
from telemetry.metrics import Metrics

CLEAR_REASONS: Final = ("heartbeat", "heartbeat_timeout", "operation")


@dataclass(frozen=True, slots=True)
class Instruments:
    """The children of one pool."""

    wait: Histogram
    use: Histogram
    create: Histogram
    timeouts: Counter
    clears: dict[str, Counter]

    def cleared(self, reason: str) -> None:
        """Count that the pool discarded its connections."""
        self.clears[reason].inc()


class PoolInstruments:
    """Creates each address's children, and removes them with its last pool."""

    def __init__(self, metrics: Metrics) -> None:
        self._wait = metrics.histogram(names.POOL_WAIT)
        self._use = metrics.histogram(names.POOL_USE)
        self._create = metrics.histogram(names.POOL_CREATE)
        self._timeouts = metrics.counter(names.POOL_TIMEOUTS)
        self._cleared = metrics.counter(names.POOL_CLEARED)
        self._in_use: dict[str, tuple[Instruments, int]] = {}

    def of(self, address: str) -> Instruments:
        """Return the children of an address; each call needs one ``release``."""
        instruments, pools = self._in_use.get(address) or (self._create_all(address), 0)
        self._in_use[address] = instruments, pools + 1
        return instruments

    def release(self, address: str) -> None:
        """Release one pool of an address; with the last one its series go."""
        instruments, pools = self._in_use[address]
        if pools > 1:
            self._in_use[address] = instruments, pools - 1
            return
        del self._in_use[address]
        for metric in (self._wait, self._use, self._create, self._timeouts):
            metric.remove(address)
        for reason in CLEAR_REASONS:
            self._cleared.remove(address, reason)

    def _create_all(self, address: str) -> Instruments:
        return Instruments(
            wait=self._wait.labels(address),
            use=self._use.labels(address),
            create=self._create.labels(address),
            timeouts=self._timeouts.labels(address),
            clears={reason: self._cleared.labels(address, reason) for reason in CLEAR_REASONS},
        )
