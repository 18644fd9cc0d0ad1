"""A stack of the boards' tests, and what is done to it so that every panel has something to show.

Its service has a small pool, low thresholds and the routes of ``tests.e2e.boards.app``; MongoDB and
the Collector are behind toxiproxy, and the Collector gives up after seconds. Nothing here knows a
board.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import requests

from stack import paths
from stack.backends import DEFAULT_NAMES, Backend
from stack.runner import Stack
from tests.e2e.metrics import Scrape
from tests.e2e.polling import poll
from tests.support.ports import free_port, stack_offset

WORKERS = 2
VISITOR = "127.0.0.4"
"""Address whose requests are limited."""
CROWD = "127.0.0.3"
"""Address that opens too many connections."""
SERVICE = {
    "HEALTH_INTERVAL_SECONDS": "1",
    "DRAIN_DELAY_SECONDS": "1",
    "MONGODB_MAX_POOL_SIZE": "3",
    "MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS": "0.8",
    "MONGODB_SOCKET_TIMEOUT_SECONDS": "2",
    "TELEMETRY_SLOW_AFTER_SECONDS": "0.3",
    "TELEMETRY_SLOW_COMMAND_SECONDS": "0.1",
    "TELEMETRY_KEPT_SPANS_PER_SECOND": "4",
    "TELEMETRY_QUEUE_SPANS": "128",
    "OTEL_TRACES_SAMPLER_ARG": "0.5",
    "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.1/32,127.0.0.2/32",
    "RATE_LIMIT_LOGIN": "5/minute",
    "REDIS_URL": "redis://127.0.0.1:1",
    "REQUEST_HEAD_SECONDS": "1",
    "CONNECTIONS_PER_ADDRESS": "30",
}
COLLECTOR = {"EXPORT_RETRY_TIME": "10s", "EXPORT_QUEUE_SIZE": "4", "LOG_QUEUE_BYTES": "200000"}


class BoardsStack(Stack):
    """A stack with the test routes in its service, and with the tests' settings."""

    collector = ""
    """Address of the proxy before it."""

    def backend(self, name: str) -> Backend:
        """Return the entry of a backend."""
        backend = super().backend(name)
        if name != "service":
            return backend
        return replace(backend, command=(*backend.command[:-1], "tests.e2e.boards.app:app"))

    def start(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Start a backend."""
        own = {
            "service": SERVICE | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.collector}"},
            "collector": COLLECTOR,
        }
        super().start(name, {**own.get(name, {}), **(env or {})})


class Stand:
    """The running stack, and its faults.

    Args:
        stack: All of its backends run.
        began: Unix time of its first traffic.
        load: The process that sends demo traffic.
    """

    def __init__(self, stack: Stack, began: float, load: "subprocess.Popen[bytes]") -> None:
        self.stack = stack
        self._load = load
        self.began = began
        self.url = stack.url("service")

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Let the demo traffic pause for the block."""
        self._load.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._load.send_signal(signal.SIGCONT)

    def workers(self) -> list[Scrape]:
        """Return what each worker exposes now."""
        first = self.stack.port("service", "management")
        return [Scrape(f"http://127.0.0.1:{first + slot}") for slot in range(WORKERS)]

    def get(self, path: str, *, timeout: float = 30.0) -> int:
        """Return the status of a request; 0 where none came."""
        try:
            return requests.get(f"{self.url}{path}", timeout=timeout).status_code
        except requests.RequestException:
            return 0

    def post(self, path: str) -> None:
        """Send an empty request; each worker is asked a few times over new connections."""
        for _ in range(4 * WORKERS):
            requests.post(f"{self.url}{path}", timeout=30)

    def delay(self, name: str, milliseconds: int) -> None:
        """Delay every answer of ``mongodb`` or ``collector``."""
        toxic = {"type": "latency", "stream": "downstream", "attributes": {"latency": milliseconds}}
        url = f"{self.stack.url('toxiproxy')}/proxies/{name}/toxics"
        requests.post(url, json=toxic, timeout=30).raise_for_status()

    def cut(self, name: str) -> None:
        """Close the way to ``mongodb`` or ``collector``."""
        url = f"{self.stack.url('toxiproxy')}/proxies/{name}"
        requests.post(url, json={"enabled": False}, timeout=30).raise_for_status()

    def heal(self) -> None:
        """Open every way again, without a delay."""
        requests.post(f"{self.stack.url('toxiproxy')}/reset", timeout=30).raise_for_status()

    @contextmanager
    def without(self, name: str, seconds: float) -> Iterator[None]:
        """Stop a backend for the block, and for so long at least; start it again."""
        self.stack.stop(name)
        ends = time.monotonic() + seconds
        try:
            yield
            time.sleep(max(0.0, ends - time.monotonic()))
        finally:
            self.stack.start(name)
            self.stack.wait_ready(name, seconds=120)


@contextmanager
def running_stand(directory: Path) -> Iterator[Stand]:
    """Yield a stand with traffic, and end it."""
    with (
        stack_offset() as offset,
        BoardsStack(offset=offset, directory=directory, workers=WORKERS) as stack,
    ):
        stack.start("toxiproxy")
        stack.wait_ready("toxiproxy", seconds=120)
        stack.collector = put_proxy_before(stack, "collector")
        for name in DEFAULT_NAMES:
            if not stack.has_started(name):
                stack.start(name)
        for name in DEFAULT_NAMES:
            stack.wait_ready(name, seconds=240)
        stack.seed("service")
        with demo_traffic(stack) as load:
            yield Stand(stack, time.time(), load)


def put_proxy_before(stack: Stack, name: str) -> str:
    """Return the address of a backend behind toxiproxy."""
    address = f"127.0.0.1:{free_port()}"
    proxy = {
        "name": name,
        "listen": address,
        "upstream": f"127.0.0.1:{stack.port(name)}",
        "enabled": True,
    }
    requests.post(f"{stack.url('toxiproxy')}/proxies", json=proxy, timeout=30).raise_for_status()
    return address


@contextmanager
def demo_traffic(stack: Stack) -> "Iterator[subprocess.Popen[bytes]]":
    """Send the traffic of ``./serene load`` during the block."""
    command = [
        *(sys.executable, "-m", "stack.cli", "load", "--port-offset", str(stack.offset)),
        *("--rate", "12", "--duration", "3600"),
    ]
    with subprocess.Popen(
        command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as load:
        try:
            yield load
        finally:
            load.terminate()


def send_bytes(stack: Stack, data: bytes, *, wait_seconds: float, address: str = "") -> bytes:
    """Send bytes over a connection of their own; returns the beginning of the answer."""
    with socket.create_connection(
        ("127.0.0.1", stack.port("service")), 30, source_address=(address, 0) if address else None
    ) as connection:
        connection.settimeout(wait_seconds)
        connection.sendall(data)
        try:
            return connection.recv(200)
        except OSError:
            return b""


def wait_for_scrapes(stand: Stand, seconds: float = 8.0) -> None:
    """Wait until every value of now has been scraped, sent and stored."""
    now = time.time()

    def stored() -> bool:
        answer = requests.get(
            f"{stand.stack.url('prometheus')}/api/v1/query",
            params={"query": 'min(timestamp(up{job=~"serene|otelcol"}))'},
            timeout=30,
        ).json()
        found = answer["data"]["result"]
        return bool(found) and float(found[0]["value"][1]) > now

    poll(stored, timeout_seconds=60 + seconds, what="samples of now")
