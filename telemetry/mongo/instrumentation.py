"""The one object that a service installs to have MongoDB explained.

It only connects the parts; each of them says for itself what it does.
"""

from typing import Any

import pymongo
from opentelemetry.trace import TracerProvider

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.mongo.commands import CommandListener
from telemetry.mongo.connections import PoolSnapshot
from telemetry.mongo.pool import PoolListener
from telemetry.mongo.pool_collector import PoolCollector
from telemetry.mongo.pool_instruments import PoolInstruments
from telemetry.mongo.server_check import Evidence, EvidenceCollector
from telemetry.mongo.server_poller import Watch
from telemetry.mongo.spans import command_tracer
from telemetry.requests.record import RequestRecord


class MongoTelemetry:
    """Spans, command durations, pool gauges and evidence of one worker's MongoDB clients.

    Make it after the fork: connections, and what is known of them, belong to one process.

    Args:
        config: ``health_interval_seconds`` is the time between two looks at the server.
        metrics: Where everything is registered.
        guard: Stands around each event and look.
        provider: Where spans go.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, provider: TracerProvider
    ) -> None:
        self._guard = guard
        self._instruments = PoolInstruments(metrics)
        self._commands = CommandListener(metrics, guard, command_tracer(provider, guard))
        self._pools = PoolCollector()
        self._watch = Watch(config.health_interval_seconds, guard)
        self.on_look = self._watch.on_look
        self.on_look.append(self.sweep)
        metrics.registry.register(self._pools)
        metrics.registry.register(EvidenceCollector(lambda: self.evidence))

    def listeners(self) -> list[Any]:
        """The listeners of one client, for ``MongoClient(event_listeners=…)``.

        Call it once for each client: connection ids are unique only within one.
        """
        pool = PoolListener(
            self._instruments, self._guard, on_checked_in=self._commands.connection_returned
        )
        self._pools.add(pool)
        return [pool, self._commands]

    def pools(self) -> tuple[PoolSnapshot, ...]:
        """One snapshot per client and server, in order of address; safe to call from any thread."""
        return self._pools.snapshots()

    @property
    def open_commands(self) -> int:
        """Commands that have begun and not ended."""
        return self._commands.open

    @property
    def evidence(self) -> Evidence | None:
        """The last look at the server that came to an end, or ``None`` before the first."""
        return self._watch.evidence

    @property
    def last_error(self) -> str:
        """Why the last look found the server down, without credentials; empty when it is up or was
        not looked at.
        """
        evidence = self.evidence
        return "" if evidence is None else evidence.error

    def watch(self, client: "pymongo.MongoClient[Any]") -> None:
        """Look at the deployment of ``client`` in the background, once per interval; ``on_look`` is
        called after each look.
        """
        self._watch.start(client)

    def stop(self) -> None:
        """End the looks; what was found last stays, and grows old."""
        self._watch.stop()

    def settle(self, record: RequestRecord) -> None:
        """Add to a request's waits the one for a connection that it was killed in; call it before
        the record is completed.

        Args:
            record: The request that the running greenlet serves.
        """
        with self._guard.at("mongo.settle"):
            for listener in self._pools.listeners:
                listener.settle(record)

    def sweep(self) -> None:
        """Let go of what killed greenlets have left behind: their waits, and commands whose end
        nobody told.
        """
        self._commands.sweep()
        for listener in self._pools.listeners:
            listener.sweep()
