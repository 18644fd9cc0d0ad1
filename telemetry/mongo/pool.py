"""Listens to the events of MongoDB's connection pools, and keeps their state.

pymongo's CMAP events carry a connection's id but not its client's: one listener serves one client.
Some events arrive under the pool's own lock: nothing here blocks or yields.

Counted are the connections of the request pools, and only those. pymongo does not publish the pools
of its monitors, so of the sockets that the operating system lists, these are the rest, per client
and server: one for heartbeats, and one more for round-trip times where the server streams its
heartbeats (MongoDB 4.4 and later unless ``serverMonitoringMode=poll``; not FerretDB, which sends no
``topologyVersion``). The poller's client (``server_poller``) has its own: one for heartbeats (it
polls) and one for its checks; so has the explainer's, once a command was slow (``explainer``).
"""

import sys
import time
import weakref
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import FrameType
from typing import Final, TypeVar

import gevent
from pymongo import monitoring
from pymongo.common import MAX_POOL_SIZE, MIN_POOL_SIZE
from pymongo.pool import Pool
from pymongo.synchronous.topology import Topology

from telemetry.guard import Guard
from telemetry.mongo import pool_condition, server_selection
from telemetry.mongo.connections import Connections, copied
from telemetry.mongo.named_waits import NamedWaits
from telemetry.mongo.ownership import Address, GreenletOwner, pool_name
from telemetry.mongo.pool_instruments import Instruments, PoolInstruments

T = TypeVar("T")

UNLIMITED: Final = 0
"""``maxPoolSize`` of a pool without a limit."""


@dataclass(slots=True, eq=False)
class _Pool:
    connections: Connections
    instruments: Instruments
    reference: Callable[[], Pool | None]
    subject: object
    names_waits: bool = True
    """Whether events have to name the waits for it; its conditions do where they are ours."""


class PoolListener(monitoring.ConnectionPoolListener):
    """The pools of one client.

    Args:
        instruments: Counters and histograms, shared by the clients of a worker.
        guard: Stands around each event.
        on_checked_in: Called when the running greenlet has returned its connection.
        subject_of: Returns what describes the wait for a connection of a pool, by its ``str()``.
        yielding: Leave pymongo's conditions as they are.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        instruments: PoolInstruments,
        guard: Guard,
        *,
        on_checked_in: Callable[[], None],
        subject_of: Callable[[Connections], object] = str,
        yielding: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._instruments = instruments
        self._guards = guard
        self._guard = guard.at("mongo.pool")
        self._on_checked_in = on_checked_in
        self._subject_of = subject_of
        self._yielding = yielding
        self._clock = clock
        self._pools: dict[Address, _Pool] = {}
        self._waits, self._connects = NamedWaits(), NamedWaits()

    @property
    def pools(self) -> tuple[Connections, ...]:
        """The client's pools; safe to read from any thread."""
        return tuple(pool.connections for pool in copied(self._pools.values))

    def settle(self) -> None:
        """End the wait that the running greenlet was killed in: the pool emits no event for it."""
        self._waits.end()
        self._connects.end()
        for connections in self.pools:
            connections.wait_ended(gevent.getcurrent())

    def sweep(self) -> None:
        """Drop what killed greenlets have left behind."""
        self._waits.sweep()
        self._connects.sweep()
        for address, pool in tuple(self._pools.items()):
            pool.connections.sweep()
            self._drop_when_closed(address)

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        """Add the pool of a server that was discovered."""
        with self._guard:
            address = event.address
            server_selection.adopt(_calling(Topology), self._guards)
            # The event holds only the options that differ from pymongo's defaults.
            most = event.options.get("maxPoolSize", MAX_POOL_SIZE)
            least = event.options.get("minPoolSize", MIN_POOL_SIZE)
            reference = _reference_to(_calling(Pool))
            connections = Connections(
                pool_name(address),
                max_size=None if most in (UNLIMITED, None) else most,
                min_size=least,
                idle_now=_idle_connections_of(reference),
            )
            instruments = self._instruments.of(connections.address)
            if address in self._pools:
                # Discovered anew while the last connections of before were still out.
                self._instruments.release(connections.address)
            subject = self._subject_of(connections)
            self._pools[address] = _Pool(connections, instruments, reference, subject)

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None:
        """Make the conditions of a pool that is complete now ours; called under its lock."""
        with self._guard:
            pool = self._pools.get(event.address)
            built = pool.reference() if pool is not None else None
            if pool is not None and built is not None and not self._yielding:
                pool.names_waits = not pool_condition.adopt(built, pool.subject, self._guards)

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None:
        """Count that the pool discards its connections; called under the pool's lock."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool.instruments.cleared(_clear_reason(event))

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None:
        """Mark the pool of a client that was closed, or of a server that left the deployment."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool.connections.closing = True
                self._drop_when_closed(event.address)

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        """Record that a connection is being established."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool.connections.created(event.connection_id, GreenletOwner.current(self._clock()))
                self._connects.begin("db_connect", f"to {pool.connections.address}")

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None:
        """Record that a connection is established."""
        with self._guard:
            self._connects.end()
            pool = self._pools.get(event.address)
            if pool is not None:
                pool.connections.ready(event.connection_id)
                pool.instruments.create.observe(event.duration or 0.0)

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        """Record that a connection is gone."""
        with self._guard:
            self._connects.end()
            pool = self._pools.get(event.address)
            if pool is not None:
                pool.connections.closed(event.connection_id)
                self._drop_when_closed(event.address)

    def connection_check_out_started(
        self, event: monitoring.ConnectionCheckOutStartedEvent
    ) -> None:
        """Record that a greenlet asks for a connection."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is not None:
                pool.connections.wait_began(GreenletOwner.current(self._clock()))
                if pool.names_waits:
                    # Until the connection is back, for that takes its time as well: the wait for a
                    # command is inside, and of two open waits the inner one counts.
                    self._waits.begin("db_pool_wait", pool.subject)

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        """Record that a greenlet got no connection; may be called under the pool's lock."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is None:
                return
            pool.connections.wait_ended(gevent.getcurrent())
            self._waits.end()
            if event.reason == monitoring.ConnectionCheckOutFailedReason.TIMEOUT:
                pool.instruments.timeouts.inc()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        """Record that a greenlet got a connection."""
        with self._guard:
            pool = self._pools.get(event.address)
            if pool is None:
                return
            waited_seconds = event.duration or 0.0
            holder = GreenletOwner.current(self._clock(), waited_seconds)
            pool.connections.wait_ended(holder.greenlet)
            pool.connections.checked_out(event.connection_id, holder)
            pool.instruments.wait.observe(waited_seconds)
            if pool.names_waits and _may_be_pinned(pool.reference()):
                self._waits.end()

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        """Record that a greenlet returned its connection."""
        with self._guard:
            pool = self._pools.get(event.address)
            holder = pool.connections.checked_in(event.connection_id) if pool is not None else None
            if pool is not None and holder is not None:
                pool.instruments.use.observe(self._clock() - holder.since_seconds)
        self._on_checked_in()
        with self._guard:
            self._waits.end()

    def _drop_when_closed(self, address: Address) -> None:
        connections = self._pools[address].connections
        if connections.closing and connections.empty:
            del self._pools[address]
            self._instruments.release(connections.address)


def _calling(kind: type[T]) -> T | None:
    """Return the object of a class whose method leads here.

    The event of a pool has only the address, and is sent by the pool's own constructor, which its
    topology calls.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        instance = frame.f_locals.get("self")
        if isinstance(instance, kind):
            return instance
        frame = frame.f_back
    return None


def _reference_to(pool: Pool | None) -> Callable[[], Pool | None]:
    return weakref.ref(pool) if pool is not None else lambda: None


def _may_be_pinned(pool: Pool | None) -> bool:
    """Return whether connections may be held beyond a command (behind a load balancer)."""
    return pool is None or bool(pool.opts.load_balanced)


def _idle_connections_of(
    reference: Callable[[], Pool | None],
) -> Callable[[], Collection[int] | None]:
    if reference() is None:
        return lambda: None

    def idle_now() -> Collection[int]:
        alive = reference()
        return (
            () if alive is None else {connection.id for connection in copied(lambda: alive.conns)}
        )

    return idle_now


def _clear_reason(event: monitoring.PoolClearedEvent) -> str:
    if event.interrupt_connections:
        return "heartbeat_timeout"
    # A failed operation clears the pool while its exception unwinds; the monitor does it after it
    # has dealt with its own.
    return "operation" if sys.exc_info()[0] is not None else "heartbeat"
