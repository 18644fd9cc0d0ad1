"""Whether slow clients delay the requests of others.

``python -m bench.slow_clients`` requests pages of one worker while 200 slow clients are connected
and while they are not, in turn. A quarter each sends a head a letter at a time, sends a body a
letter at a time, does not read a large response, and is idle; one that the server ends connects
again, so that there are always so many. Expected: a ratio of p99 below 1.2.

``--minutes 2`` instead keeps 200 connections with the server's default bounds for so long, each for
as long as the server lets it, and prints when the server ended the connections of each sort, and
what others measured meanwhile.
"""

import argparse
import contextlib
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bench.rounds import compare, send_requests
from telemetry.sockets import open_listener

SLOW_CLIENTS: Final = 200
SORTS: Final = ("head", "body", "reader", "idle")
APP: Final = "bench.apps.layer:create_with_large_page()"
LETTER_EVERY_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 2.0
BEGINNING: Final = {
    "head": b"GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "body": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
    "reader": b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
    "idle": b"",
}


@dataclass(slots=True, eq=False)
class SlowClient:
    """One connection.

    Args:
        sort: What it is slow at.
        connection: Its socket; non-blocking.
        connected_at: Monotonic seconds.
    """

    sort: str
    connection: socket.socket
    connected_at: float


@dataclass(slots=True)
class SlowClients:
    """Always so many slow clients, in one native thread.

    Args:
        port: Of the server.
        count: Of all sorts together.
        reconnect: Whether one that was ended connects again.
    """

    port: int
    count: int = SLOW_CLIENTS
    reconnect: bool = True
    lifetimes: dict[str, list[float]] = field(default_factory=lambda: {s: [] for s in SORTS})
    responses: Counter[str] = field(default_factory=Counter)
    _open: set[SlowClient] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Connect them all and begin to be slow."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Close them all."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def open(self) -> int:
        """Number of open connections."""
        return len(self._open)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for number in range(self.count):
                self._connect(selector, SORTS[number % len(SORTS)])
            next_letter = time.monotonic()
            while not self._stop.is_set():
                for key, _ in selector.select(0.1):
                    self._receive(selector, key.data)
                if time.monotonic() >= next_letter:
                    next_letter += LETTER_EVERY_SECONDS
                    self._send_letters(selector)
            for client in list(self._open):
                self._forget(selector, client)

    def _connect(self, selector: selectors.BaseSelector, sort: str) -> None:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(BEGINNING[sort])
        connection.setblocking(False)
        client = SlowClient(sort, connection, time.monotonic())
        self._open.add(client)
        if sort != "reader":  # it would always be readable
            selector.register(connection, selectors.EVENT_READ, client)

    def _receive(self, selector: selectors.BaseSelector, client: SlowClient) -> None:
        try:
            received = client.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if received.startswith(b"HTTP/1.1 "):
            self.responses[received[9:12].decode("ascii", "replace")] += 1
        elif not received:
            self._ended(selector, client)

    def _send_letters(self, selector: selectors.BaseSelector) -> None:
        for client in list(self._open):
            if client.connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._ended(selector, client)
            elif client.sort in ("head", "body"):
                with contextlib.suppress(OSError):
                    client.connection.send(b"a")

    def _ended(self, selector: selectors.BaseSelector, client: SlowClient) -> None:
        self.lifetimes[client.sort].append(time.monotonic() - client.connected_at)
        self._forget(selector, client)
        if self.reconnect:
            self._connect(selector, client.sort)

    def _forget(self, selector: selectors.BaseSelector, client: SlowClient) -> None:
        self._open.discard(client)
        with contextlib.suppress(KeyError):
            selector.unregister(client.connection)
        client.connection.close()


@contextlib.contextmanager
def server() -> Iterator[int]:
    """Run one worker of gunicorn with the service's configuration; yields its port."""
    listener = open_listener("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    listener.close()
    environ = {
        **os.environ,
        "SERENE_PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "TELEMETRY_MANAGEMENT_PORT": "0",
        "OTEL_TRACES_EXPORTER": "none",
    }
    command = (sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py", APP)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            _wait_until_listening(port)
            yield port
        finally:
            process.terminate()
            code = process.wait(120)
            print(f"exit code of the server: {code}")


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        if send_requests(port, ("/hello",), 0.1, clients=1).latencies:
            return
        if time.monotonic() > deadline:
            raise RuntimeError("the server does not answer")
        time.sleep(0.2)


def interleaved(rounds: int, seconds: float) -> None:
    """Measure with and without slow clients in turn; print the ratios."""
    with server() as port:
        slow = SlowClients(port)

        def with_slow_clients() -> None:
            slow.start()
            time.sleep(SETTLE_SECONDS)

        def without() -> None:
            slow.stop()
            time.sleep(SETTLE_SECONDS)

        try:
            compare(
                ("without", f"with {SLOW_CLIENTS} slow clients"),
                (without, with_slow_clients),
                lambda: send_requests(port, ("/hello",), seconds),
                rounds,
            )
        finally:
            slow.stop()


def for_minutes(minutes: float) -> None:
    """Hold 200 slow clients with the default bounds; print when each sort was ended."""
    with server() as port:
        slow = SlowClients(port, reconnect=False)
        slow.start()
        try:
            others = send_requests(port, ("/hello",), minutes * 60)
        finally:
            left = slow.open
            slow.stop()
        for sort, lifetimes in slow.lifetimes.items():
            found = (
                f"after {statistics.median(lifetimes):.1f} s "
                f"({min(lifetimes):.1f} to {max(lifetimes):.1f})"
                if lifetimes
                else "never"
            )
            print(f"{sort}: {len(lifetimes)} of {SLOW_CLIENTS // len(SORTS)} ended {found}")
        print(f"still open: {left}; responses: {dict(slow.responses)}")
        print(
            f"others: {len(others.latencies)} requests, {others.failures} failed, "
            f"p50 {others.quantile(0.5) * 1e3:.2f} ms, p99 {others.quantile(0.99) * 1e3:.2f} ms"
        )


def main() -> None:
    """Run one of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--minutes", type=float, help="hold them for so long instead")
    options = parser.parse_args()
    if options.minutes:
        for_minutes(options.minutes)
    else:
        interleaved(options.rounds, options.seconds)


if __name__ == "__main__":
    main()
