"""MongoDB clients under telemetry, and what telemetry recorded of them."""

import gc
from collections.abc import Sequence
from typing import Any

import gevent
import psutil
import pymongo
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.mongo import MongoTelemetry
from telemetry.tracing import Tracing
from tests.support.polling import wait_until

INTERVAL_SECONDS = 0.5
MONITORS = 1
"""Sockets that a client's monitor keeps to a FerretDB.

It sends no topologyVersion, so heartbeats are polled, and no RTT monitor starts.
"""


class Observed:
    """A worker's telemetry of MongoDB, and clients under it.

    pymongo prints what a listener raises and goes on, so the guard is not strict: it collects, and
    the fixture checks what it collected.
    """

    def __init__(self, **settings: Any) -> None:
        self.errors: list[str] = []
        self.metrics = Metrics()
        self.exporter = InMemorySpanExporter()
        guard = Guard(strict=False, on_error=self.errors.append)
        config = TelemetryConfig(
            health_interval_seconds=INTERVAL_SECONDS, traces_exporter="none", **settings
        )
        self.provider = Tracing(config, self.metrics, guard).provider
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.telemetry = MongoTelemetry(config, self.metrics, guard, self.provider)
        self._clients: list[pymongo.MongoClient[Any]] = []

    def connect(
        self, uri: str, also: Sequence[Any] = (), **options: Any
    ) -> "pymongo.MongoClient[Any]":
        """Open a client with finite time-outs; ``also`` are further listeners."""
        listeners = [*self.telemetry.listeners(), *also]
        options = {"serverSelectionTimeoutMS": 2000, "waitQueueTimeoutMS": 20_000, **options}
        client: pymongo.MongoClient[Any] = pymongo.MongoClient(
            uri, event_listeners=listeners, **options
        )
        self._clients.append(client)
        return client

    def watch(self, client: "pymongo.MongoClient[Any]") -> None:
        """Watch a client, and wait for the first check.

        pymongo leaves the socket of a greenlet that is killed while it connects open.
        """
        self.telemetry.watch(client)
        wait_until(lambda: self.telemetry.last_check)

    def pool(self) -> tuple[int, int, int, int]:
        """Return used, idle, establishing and pending of the one pool."""
        [pool] = self.telemetry.pools()
        return pool.used, pool.idle, pool.establishing, pool.pending

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def series(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the samples of that name, by their label values."""
        families = self.metrics.registry.collect()
        samples = [
            sample for family in families for sample in family.samples if sample.name == name
        ]
        return {tuple(sample.labels.values()): sample.value for sample in samples}

    def close(self) -> None:
        self.telemetry.stop()
        for client in self._clients:
            client.close()
        self.provider.shutdown()


YIELDING = pytest.mark.parametrize("observed", [{"mongo_yielding_pool": True}], indirect=True)
"""pymongo's pool as it is: gevent's lock yields inside notify(), and a kill can strike there."""


@pytest.fixture
def observed(request):
    """``indirect`` parameters are settings."""
    observed = Observed(**getattr(request, "param", {}))
    yield observed
    observed.close()
    gc.collect()  # what a test left for the garbage collector is dealt with in that test
    observed.telemetry.sweep()  # as after every check
    assert observed.errors == []
    assert observed.telemetry.pools() == ()
    assert observed.telemetry.open_commands == 0


def server_series(observed):
    """Return every series of the server, by name and labels."""
    families = observed.metrics.registry.collect()
    samples = [
        sample
        for family in families
        if family.name.startswith("mongodb_")
        for sample in family.samples
    ]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def sockets_to(port: int) -> int:
    """Count this process's established connections to a port, by the operating system."""
    connections = psutil.Process().net_connections(kind="tcp")
    return sum(
        1
        for each in connections
        if each.raddr and each.raddr.port == port and each.status == psutil.CONN_ESTABLISHED
    )


def pool_of(client: "pymongo.MongoClient[Any]") -> Any:
    """Return pymongo's own pool, to hold a connection of it for as long as a test needs."""
    client.admin.command("ping")
    [server] = client._topology._servers.values()
    return server.pool


def hold(pool: Any) -> gevent.Greenlet:
    """Spawn a greenlet that holds a connection until it is killed."""

    def work() -> None:
        with pool.checkout():
            gevent.sleep(60)

    return gevent.spawn(work)


def functions(greenlet: gevent.Greenlet) -> list[str]:
    """Return the names of the functions in which a greenlet is suspended, innermost first."""
    names, frame = [], greenlet.gr_frame
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
