"""MongoDB clients that are observed, and what was observed of them."""

import gc
from collections.abc import Callable, Sequence
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
from telemetry.tracing.provider import ForkSafeTracerProvider
from tests.machine import PATIENCE_SECONDS

INTERVAL_SECONDS = 0.5
MONITORS = 1
"""Sockets that a client's monitor keeps to a FerretDB: it sends no topologyVersion, so heartbeats
are polled, and no RTT monitor starts.
"""


class Observed:
    """A worker's telemetry of MongoDB, and clients under it.

    pymongo prints what a listener raises and goes on, so the guard is not strict: it collects, and
    the fixture looks at what it collected.
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.metrics = Metrics()
        self.exporter = InMemorySpanExporter()
        self.provider = ForkSafeTracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        guard = Guard(strict=False, on_error=self.errors.append)
        config = TelemetryConfig(health_interval_seconds=INTERVAL_SECONDS)
        self.telemetry = MongoTelemetry(config, self.metrics, guard, self.provider)
        self._clients: list[pymongo.MongoClient[Any]] = []

    def connect(
        self, uri: str, also: Sequence[Any] = (), **options: Any
    ) -> "pymongo.MongoClient[Any]":
        """A client with finite time-outs; ``also`` are listeners beside the observed ones."""
        listeners = [*self.telemetry.listeners(), *also]
        options = {"serverSelectionTimeoutMS": 2000, "waitQueueTimeoutMS": 20_000, **options}
        client: pymongo.MongoClient[Any] = pymongo.MongoClient(
            uri, event_listeners=listeners, **options
        )
        self._clients.append(client)
        return client

    def pool(self) -> tuple[int, int, int, int]:
        """Used, idle, establishing and pending of the one pool."""
        [pool] = self.telemetry.pools()
        return pool.used, pool.idle, pool.establishing, pool.pending

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def series(self, name: str) -> dict[tuple[str, ...], float]:
        """The samples of that name, by their label values."""
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


@pytest.fixture
def observed():
    observed = Observed()
    yield observed
    observed.close()
    gc.collect()  # what a test left for the garbage collector is dealt with in that test
    observed.telemetry.sweep()  # as after every look
    assert observed.errors == []
    assert observed.telemetry.pools() == ()
    assert observed.telemetry.open_commands == 0


def eventually(condition: Callable[[], object], timeout_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds, or fail."""
    with gevent.Timeout(timeout_seconds, AssertionError("it never came true")):
        while not condition():
            gevent.sleep(0.005)


def sockets_to(port: int) -> int:
    """This process's established connections to a port, as the operating system counts them."""
    connections = psutil.Process().net_connections(kind="tcp")
    return sum(
        1
        for each in connections
        if each.raddr and each.raddr.port == port and each.status == psutil.CONN_ESTABLISHED
    )


def pool_of(client: "pymongo.MongoClient[Any]") -> Any:
    """pymongo's own pool, to hold a connection of it for as long as a test likes."""
    client.admin.command("ping")
    [server] = client._topology._servers.values()
    return server.pool


def hold(pool: Any) -> gevent.Greenlet:
    """A greenlet that holds a connection until it is killed."""

    def work() -> None:
        with pool.checkout():
            gevent.sleep(60)

    return gevent.spawn(work)


def functions(greenlet: gevent.Greenlet) -> list[str]:
    """The names of the functions in which a greenlet is suspended, innermost first."""
    names, frame = [], greenlet.gr_frame
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
