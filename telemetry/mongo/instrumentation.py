"""``MongoTelemetry``: the one object that a service installs to observe MongoDB.

It only connects the parts; each of them documents itself.
"""

from typing import Any

import pymongo
from opentelemetry.trace import TracerProvider

from telemetry.config import TelemetryConfig
from telemetry.debug_page import DebugPage
from telemetry.elapsed import elapsed_seconds
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.mongo.commands import CommandListener
from telemetry.mongo.comments import Comments
from telemetry.mongo.connections import Connections, PoolSnapshot
from telemetry.mongo.explainer import Explainer
from telemetry.mongo.ownership import GreenletOwner
from telemetry.mongo.pages import POOL, QUERIES, pool_page, queries_page
from telemetry.mongo.pool import PoolListener
from telemetry.mongo.pool_collector import PoolCollector
from telemetry.mongo.pool_instruments import PoolInstruments
from telemetry.mongo.pool_view import PoolSubject, holders, pool_rows
from telemetry.mongo.server_check import ServerCheck, ServerCheckCollector
from telemetry.mongo.server_poller import ServerPoller
from telemetry.mongo.slow_commands import SlowCommands
from telemetry.mongo.spans import command_tracer
from telemetry.requests.holders import Holder
from telemetry.requests.record import RequestRecord


class MongoTelemetry:
    """Spans, command durations, pool gauges and server checks of one worker's MongoDB clients.

    Create it after the fork: connections, and what is known of them, belong to one process.

    Args:
        config: Its settings of MongoDB; ``health_interval_seconds`` is the time between two checks
            of the server.
        metrics: Where everything is registered.
        guard: Stands around each event and check.
        provider: Where spans go.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, provider: TracerProvider
    ) -> None:
        self._guard = guard
        self._config = config
        self._instruments = PoolInstruments(metrics)
        self._explainer = (
            Explainer(guard, verbosity=config.mongo_explain)
            if config.mongo_explain != "off"
            else None
        )
        self._slow = SlowCommands(
            metrics,
            config.slow_command_seconds,
            explainer=self._explainer,
            pool_wait=self._pool_wait_seconds,
        )
        self._commands = CommandListener(
            metrics, guard, command_tracer(provider, guard), observe=self._slow.__call__
        )
        self._comments = Comments(guard)
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
            self._instruments,
            self._guard,
            on_checked_in=self._commands.connection_returned,
            subject_of=PoolSubject,
            yielding=self._config.mongo_yielding_pool,
        )
        self._pools.add(pool)
        return [pool, self._commands]

    def query_rows(self) -> list[dict[str, Any]]:
        """Return the query shapes as plain data, those that took the most time first.

        From any thread; names and numbers, no values.
        """
        return self._slow.table.rows()

    def pool_rows(self) -> list[dict[str, Any]]:
        """Return each pool with who holds its connections, and who waits; from any thread."""
        return pool_rows(self._connections(), self._commands.command_of)

    def pages(self) -> dict[str, DebugPage]:
        """Return the debug pages, by path; see ``telemetry.debug_page``."""
        return {
            QUERIES: lambda query: queries_page(query, self.query_rows()),
            POOL: lambda _: pool_page(self.pool_rows()),
        }

    def _connections(self) -> list[Connections]:
        return [pool for listener in self._pools.listeners for pool in listener.pools]

    def _pool_wait_seconds(self, owner: GreenletOwner) -> float:
        for pool in self._connections():
            for _, state, holder in pool.owners:
                if state == "used" and holder.greenlet is owner.greenlet:
                    return holder.waited_seconds
        return 0.0

    def pools(self) -> tuple[PoolSnapshot, ...]:
        """Return one snapshot per client and server, in order of address; from any thread."""
        return self._pools.snapshots()

    def holders(self) -> tuple[Holder, ...]:
        """Return who holds the connections that are out, the longest first; from any thread."""
        return holders(self._connections(), self._commands.command_of)

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

        ``on_check`` is called after each check. Its slow commands are explained, and its commands
        commented where that is set.
        """
        self._poller.start(client)
        with self._guard.at("mongo.watch"):
            if self._explainer is not None:
                self._explainer.start(client)
            if self._config.mongo_comment:
                self._comments.install(client)

    def stop(self) -> None:
        """End the checks; the last one stays, and grows old."""
        self._poller.stop()
        self._comments.remove()
        if self._explainer is not None:
            self._explainer.stop()

    def settle(self, record: RequestRecord) -> None:
        """End the waits for a connection that a request was killed in.

        Args:
            record: The request that the running greenlet serves.
        """
        with self._guard.at("mongo.settle"):
            for listener in self._pools.listeners:
                listener.settle()

    def sweep(self) -> None:
        """Drop what killed greenlets have left behind: waits, and commands without an end."""
        self._commands.sweep()
        for listener in self._pools.listeners:
            listener.sweep()
