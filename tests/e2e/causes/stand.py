"""A real worker with everything around it that can make a request slow: a database behind
Toxiproxy, another service, clients, and the operating system.
"""

import contextlib
import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import psutil
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.machine import PATIENCE_SECONDS
from tests.mongodb import MongoDB
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.processes import ServerProcess, gunicorn
from tests.telemetry.tracing.collector import Collector
from tests.toxiproxy import Proxy, Toxiproxy

APP = "tests.e2e.causes.app:app"
SETTINGS = {
    "TELEMETRY_SLOW_AFTER_SECONDS": "0.2",
    # Slow requests are kept whatever the share.
    "OTEL_TRACES_SAMPLER_ARG": "0",
    "TELEMETRY_EXPORT_INTERVAL_SECONDS": "0.05",
    "HEALTH_INTERVAL_SECONDS": "60",
}
CONNECT_SECONDS = 0.6


@dataclass(frozen=True)
class Answered:
    """A request as its client saw it.

    Args:
        request_id: From the response.
        status: Of the response.
        trace_id: The same without dashes.
    """

    request_id: str
    status: int

    @property
    def trace_id(self) -> str:
        """The request's trace."""
        return self.request_id.replace("-", "")


@dataclass
class OtherService:
    """An HTTP API that the worker calls.

    Args:
        seconds: How long each answer takes.
    """

    seconds: float = 0.0
    server: WSGIServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = WSGIServer(("127.0.0.1", 0), self._answer, log=None, error_log=None)

    @property
    def url(self) -> str:
        """Of its prices."""
        return f"http://127.0.0.1:{self.server.server_port}/prices"

    def _answer(self, _: Any, start_response: Any) -> list[bytes]:
        gevent.sleep(self.seconds)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"12"]


def forward(received: socket.socket, sent: socket.socket) -> None:
    """Pass on what one side sends until it closes."""
    with contextlib.suppress(OSError):
        while data := received.recv(65536):
            sent.sendall(data)
    with contextlib.suppress(OSError):
        sent.shutdown(socket.SHUT_WR)


@dataclass
class SlowToConnect:
    """A proxy whose connections work only after a while, as a handshake with TLS or a login can.

    Args:
        upstream: Port that it connects to.
        seconds: How long a connection waits for its first answer.
    """

    upstream: int
    seconds: float = 0.0
    server: StreamServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = StreamServer(("127.0.0.1", 0), self._handle)

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        port: int = self.server.server_port
        return port

    def _handle(self, client: socket.socket, _: object) -> None:
        gevent.sleep(self.seconds)
        with socket.create_connection(("127.0.0.1", self.upstream)) as server:
            both = [gevent.spawn(forward, client, server), gevent.spawn(forward, server, client)]
            gevent.joinall(both)


@dataclass
class Stand:
    """The worker and what is around it.

    Args:
        server: Runs the worker.
        collector: Receives its spans.
        database: In front of MongoDB.
        connecting: In front of it too, for the client that connects anew each time.
        prices: The other service.
        worker: Pid.
        management_port: Of the worker.
    """

    server: ServerProcess
    collector: Collector
    database: Proxy
    connecting: SlowToConnect
    prices: OtherService
    worker: int = 0
    management_port: int = 0

    def ask(self, path: str) -> Answered:
        """Send a request on a connection of its own."""
        with contextlib.closing(self.server.connection()) as connection:
            connection.request("GET", path)
            return answered(connection.getresponse())

    def spawn(self, path: str) -> "gevent.Greenlet[..., Answered]":
        """Send a request meanwhile."""
        return gevent.spawn(self.ask, path)

    def wait_until_in_flight(self, route: str) -> None:
        """Wait until the worker serves a request of a route, also while its hub is held."""
        wait_until(
            lambda: any(one["route"] == route for one in self.debug("requests")["requests"]),
            what=f"a request of {route} in flight",
            interval_seconds=0.005,
        )

    def debug(self, page: str) -> Any:
        """The JSON of a debug page."""
        return json.loads(self.management(f"/debug/{page}", "application/json"))

    def management(self, path: str, accept: str) -> str:
        """Read a page of the management port."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.management_port, timeout=PATIENCE_SECONDS
        )
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Accept": accept})
            response = connection.getresponse()
            return response.read().decode()

    def status(self, path: str, seconds: float) -> int:
        """The status of a page of the management port; 0 when none comes within a time."""
        address = "127.0.0.1", self.management_port
        with contextlib.closing(http.client.HTTPConnection(*address, timeout=seconds)) as asking:
            asking.request("GET", path)
            with contextlib.suppress(TimeoutError):
                return asking.getresponse().status
        return 0

    def samples(self) -> list[Sample]:
        """What the worker's metrics are now."""
        text = self.management("/metrics", "application/openmetrics-text")
        return [one for family in text_string_to_metric_families(text) for one in family.samples]

    @contextmanager
    def throttled(self, share: float) -> Iterator[None]:
        """Give the worker only a share of a processor, within the block."""
        with cpu_quota(self.worker, share):
            yield


def answered(response: http.client.HTTPResponse) -> Answered:
    """Read a response to its end."""
    response.read()
    return Answered(response.headers["X-Request-ID"], response.status)


CPU_CGROUP = Path("/sys/fs/cgroup/cpu")
UNIFIED_CGROUP = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000


def can_throttle() -> bool:
    """Whether this machine lets the tests make a control group with a quota."""
    return (os.access(CPU_CGROUP, os.W_OK) and (CPU_CGROUP / "cgroup.procs").exists()) or (
        os.access(UNIFIED_CGROUP / "cgroup.subtree_control", os.W_OK)
        and "cpu" in (UNIFIED_CGROUP / "cgroup.subtree_control").read_text().split()
    )


@contextmanager
def cpu_quota(pid: int, share: float) -> Iterator[None]:
    """Hold a process in a control group with a quota, within the block.

    Source: Linux, Documentation/scheduler/sched-bwc.rst and admin-guide/cgroup-v2.rst.
    """
    old = (CPU_CGROUP / "cgroup.procs").exists()
    parent = CPU_CGROUP if old else UNIFIED_CGROUP
    quota = round(share * PERIOD_MICROSECONDS)
    group = parent / f"serene-test-{pid}"
    group.mkdir()
    try:
        if old:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
        before = _cgroup_of(pid, old)
        (group / "cgroup.procs").write_text(str(pid))
        try:
            yield
        finally:
            (parent / before / "cgroup.procs").write_text(str(pid))
    finally:
        group.rmdir()


def _cgroup_of(pid: int, old: bool) -> str:
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if ("cpu" in controllers.split(",")) if old else not controllers:
            return path.lstrip("/")
    return ""


@contextmanager
def stand(directory: Path, app: str = APP, **settings: str) -> Iterator[Stand]:
    """Run everything, warmed up.

    Args:
        directory: For the data of the database.
        app: The app with these routes.
        settings: On top of the usual ones.
    """
    with ExitStack() as started:
        folders = [directory / name for name in ("mongodb", "toxiproxy")]
        for folder in folders:
            folder.mkdir()
        mongodb = started.enter_context(MongoDB(folders[0], free_port()))
        toxiproxy = started.enter_context(Toxiproxy(folders[1], free_port()))
        collector = started.enter_context(Collector())
        database = toxiproxy.proxy("database", mongodb.port)
        connecting, prices = SlowToConnect(mongodb.port), OtherService()
        for server in (connecting.server, prices.server):
            server.start()
            started.callback(server.stop, 0.1)
        uri = f"mongodb://127.0.0.1:{database.port}"
        running = started.enter_context(
            gunicorn(
                app=app,
                SHOP_URI=uri,
                STOCK_URI=uri,
                ARCHIVE_URI=f"mongodb://127.0.0.1:{connecting.port}",
                PRICES_URL=prices.url,
                OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint,
                **{**SETTINGS, **settings},
            )
        )
        who = running.wait_until_ready()
        made = Stand(running, collector, database, connecting, prices, who["pid"], who["port"])
        assert psutil.Process(made.worker).is_running()
        for _ in range(2):
            assert made.ask("/warm").status == 200, running.text[-3000:]
        yield made
