"""Listens to the events of MongoDB's connection pools, and keeps their state.

pymongo's CMAP events carry a connection's id but not its client's: one listener serves one client.
Some events arrive under the pool's own lock: nothing here blocks or yields.

Counted are the connections of the request pools, and only those. pymongo does not publish the pools
of its monitors, so of the sockets that the operating system lists, these are the rest, per client
and server: one for heartbeats, and one more for round-trip times where the server streams its
heartbeats (MongoDB 4.4 and later unless ``serverMonitoringMode=poll``; not FerretDB, which sends no
``topologyVersion``). The poller's client (``server_poller``) has its own: one for heartbeats (it
polls) and one for its checks.
"""

import sys
import time
import weakref
from collections.abc import Callable, Collection
from types import FrameType
from typing import Final

import gevent
from pymongo import monitoring
from pymongo.common import MAX_POOL_SIZE, MIN_POOL_SIZE
from pymongo.pool import Pool

from telemetry.guard import Guard
from telemetry.mongo.connections import Connections, copied
from telemetry.mongo.ownership import GreenletOwner
from telemetry.mongo.pool_instruments import Instruments, PoolInstruments
from telemetry.requests.record import RequestRecord, current_record

Address = tuple[str, int | None]

UNLIMITED: Final = 0
"""``maxPoolSize`` of a pool without a limit."""


def pool_name(address: Address) -> str:
    """Return a pool's label: ``host:port``, ``[host]:port`` for IPv6, or a Unix socket's path."""
    host, port = address
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class PoolListener(monitoring.ConnectionPoolListener):
    """The pools of one client.

    Args:
        instruments: Counters and histograms, shared by the clients of a worker.
        guard: Stands around each event.
        on_checked_in: Called when the running greenlet has returned its connection.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        instruments: PoolInstruments,
        guard: Guard,
        *,
        on_checked_in: Callable[[], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._instruments = instruments
        self._guard = guard.at("mongo.pool")
        self._on_checked_in = on_checked_in
        self._clock = clock
        self._pools: dict[Address, tuple[Connections, Instruments]] = {}

    @property
    def pools(self) -> tuple[Connections, ...]:
        """The client's pools; safe to read from any thread."""
        return tuple(connections for connections, _ in copied(self._pools.values))

    def settle(self, record: RequestRecord) -> None:
        """Add to a request's waits the one that the running greenlet was killed in.

        The pool emits no event for it.
        """
        for connections in self.pools:
            waiter = connections.wait_ended(gevent.getcurrent())
            if waiter is not None:
                record.add_phase("db_pool_wait", self._clock() - waiter.since_seconds)

    def sweep(self) -> None:
        """Drop what killed greenlets have left behind."""
        for address, (connections, _) in tuple(self._pools.items()):
            connections.sweep()
            self._drop_when_closed(address)

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        """Add the pool of a server that was discovered."""
        with self._guard:
            address = event.address
            # The event holds only the options that differ from pymongo's defaults.
            most = event.options.get("maxPoolSize", MAX_POOL_SIZE)
            least = event.options.get("minPoolSize", MIN_POOL_SIZE)
            connections = Connections(
                pool_name(address),
                max_size=None if most in (UNLIMITED, None) else most,
                min_size=least,
                idle_now=_idle_connections_of(_pool_in_construction()),
            )
            instruments = self._instruments.of(connections.address)
            if address in self._pools:
                # Discovered anew while the last connections of before were still out.
                self._instruments.release(connections.address)
            self._pools[address] = connections, instruments

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None:
        """Ignore that the pool's connections may be used: no gauge depends on it."""

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None:
        """Count that the pool discards its connections; called under the pool's lock."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool[1].cleared(_clear_reason(event))

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None:
        """Mark the pool of a client that was closed, or of a server that left the deployment."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool[0].closing = True
                self._drop_when_closed(event.address)

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        """Record that a connection is being established."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool[0].created(event.connection_id, GreenletOwner.current(self._clock()))

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None:
        """Record that a connection is established."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool[0].ready(event.connection_id)
                pool[1].create.observe(event.duration or 0.0)

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        """Record that a connection is gone."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool[0].closed(event.connection_id)
                self._drop_when_closed(event.address)

    def connection_check_out_started(
        self, event: monitoring.ConnectionCheckOutStartedEvent
    ) -> None:
        """Record that a greenlet asks for a connection."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool[0].wait_began(GreenletOwner.current(self._clock()))

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        """Record that a greenlet got no connection; may be called under the pool's lock."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is None:
                return
            pool[0].wait_ended(gevent.getcurrent())
            _add_wait(event.duration)
            if event.reason == monitoring.ConnectionCheckOutFailedReason.TIMEOUT:
                pool[1].timeouts.inc()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        """Record that a greenlet got a connection."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is None:
                return
            pool[0].wait_ended(gevent.getcurrent())
            pool[0].checked_out(event.connection_id, GreenletOwner.current(self._clock()))
            pool[1].wait.observe(event.duration or 0.0)
            _add_wait(event.duration)

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        """Record that a greenlet returned its connection."""
        with self._guard:
            pool = self._pools.get(event.address)
            holder = pool[0].checked_in(event.connection_id) if pool is not None else None
            if pool is not None and holder is not None:
                pool[1].use.observe(self._clock() - holder.since_seconds)
        self._on_checked_in()

    def _drop_when_closed(self, address: Address) -> None:
        connections, _ = self._pools[address]
        if connections.closing and connections.empty:
            del self._pools[address]
            self._instruments.release(connections.address)


def _pool_in_construction() -> Pool | None:
    # The event has only the address, and is sent by the pool's own constructor: the pool is a few
    # frames up.
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        instance = frame.f_locals.get("self")
        if isinstance(instance, Pool):
            return instance
        frame = frame.f_back
    return None


def _idle_connections_of(pool: Pool | None) -> Callable[[], Collection[int] | None]:
    if pool is None:
        return lambda: None
    reference = weakref.ref(pool)

    def idle_now() -> Collection[int]:
        alive = reference()
        return (
            () if alive is None else {connection.id for connection in copied(lambda: alive.conns)}
        )

    return idle_now


def _add_wait(seconds: float | None) -> None:
    record = current_record()
    if record is not None and seconds:
        record.add_phase("db_pool_wait", seconds)


def _clear_reason(event: monitoring.PoolClearedEvent) -> str:
    if event.interrupt_connections:
        return "heartbeat_timeout"
    # A failed operation clears the pool while its exception unwinds; the monitor does it after it
    # has dealt with its own.
    return "operation" if sys.exc_info()[0] is not None else "heartbeat"
