"""``MongoTelemetry``: the one object that a service installs to observe MongoDB.

It only connects the parts; each of them documents itself.
"""

import time
from typing import Any

import pymongo
from opentelemetry.trace import TracerProvider

from telemetry.config import TelemetryConfig
from telemetry.elapsed import elapsed_seconds
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.mongo.commands import CommandListener
from telemetry.mongo.connections import PoolSnapshot
from telemetry.mongo.pool import PoolListener
from telemetry.mongo.pool_collector import PoolCollector
from telemetry.mongo.pool_instruments import PoolInstruments
from telemetry.mongo.server_check import ServerCheck, ServerCheckCollector
from telemetry.mongo.server_poller import ServerPoller
from telemetry.mongo.spans import command_tracer
from telemetry.requests.holders import Holder
from telemetry.requests.record import RequestRecord


class MongoTelemetry:
    """Spans, command durations, pool gauges and server checks of one worker's MongoDB clients.

    Create it after the fork: connections, and what is known of them, belong to one process.

    Args:
        config: ``health_interval_seconds`` is the time between two checks of the server.
        metrics: Where everything is registered.
        guard: Stands around each event and check.
        provider: Where spans go.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, provider: TracerProvider
    ) -> None:
        self._guard = guard
        self._instruments = PoolInstruments(metrics)
        self._commands = CommandListener(metrics, guard, command_tracer(provider, guard))
        self._pools = PoolCollector()
        self._poller = ServerPoller(config.health_interval_seconds, guard)
        self.on_check = self._poller.on_check
        self.on_check.append(self.sweep)
        metrics.registry.register(self._pools)
        metrics.registry.register(ServerCheckCollector(lambda: self.last_check))

    def listeners(self) -> list[Any]:
        """Return the listeners of one client, for ``MongoClient(event_listeners=…)``.

        Call it once for each client: connection ids are unique only within one.
        """
        pool = PoolListener(
            self._instruments, self._guard, on_checked_in=self._commands.connection_returned
        )
        self._pools.add(pool)
        return [pool, self._commands]

    def pools(self) -> tuple[PoolSnapshot, ...]:
        """Return one snapshot per client and server, in order of address; from any thread."""
        return self._pools.snapshots()

    def holders(self) -> tuple[Holder, ...]:
        """Return who holds the connections that are out, for how long; from any thread."""
        return tuple(
            holder
            for listener in self._pools.listeners
            for connections in listener.pools
            for holder in connections.holders(time.perf_counter())
        )

    @property
    def open_commands(self) -> int:
        """Number of commands that have begun and not ended."""
        return self._commands.open

    @property
    def last_check(self) -> ServerCheck | None:
        """The last completed check of the server, or ``None`` before the first."""
        return self._poller.last_check

    @property
    def last_error(self) -> str:
        """Why the last check failed, without credentials; empty when it did not."""
        check = self.last_check
        return "" if check is None else check.error

    @property
    def evidence_age_seconds(self) -> float | None:
        """Time since the last completed check; ``None`` before the first."""
        check = self.last_check
        return None if check is None else elapsed_seconds() - check.at_seconds

    def watch(self, client: "pymongo.MongoClient[Any]") -> None:
        """Check the deployment of ``client`` in the background, once per interval.

        ``on_check`` is called after each check.
        """
        self._poller.start(client)

    def stop(self) -> None:
        """End the checks; the last one stays, and grows old."""
        self._poller.stop()

    def settle(self, record: RequestRecord) -> None:
        """Add to a request's waits the one for a connection that it was killed in.

        Call it before the record is completed.

        Args:
            record: The request that the running greenlet serves.
        """
        with self._guard.at("mongo.settle"):
            for listener in self._pools.listeners:
                listener.settle(record)

    def sweep(self) -> None:
        """Drop what killed greenlets have left behind: waits, and commands without an end."""
        self._commands.sweep()
        for listener in self._pools.listeners:
            listener.sweep()
