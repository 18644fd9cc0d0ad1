"""The clients: one loop for all sockets of one process.

A kernel has some 28,000 ports for each pair of addresses, and the service bounds the connections of
one address (``CONNECTIONS_PER_ADDRESS``); so clients come from many addresses of the loopback
network, each of which has few.
"""

import contextlib
import heapq
import select
import socket
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bench.load.answers import size_of_answer

PER_ADDRESS: Final = 400
"""Connections of one client's address; the default of ``CONNECTIONS_PER_ADDRESS`` is 500."""
CONNECT_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.05
_BURST: Final = 64
"""Connections that are opened before those open are served again."""


def address_of(number: int) -> str:
    """Return the loopback address from which a client connects."""
    which = number // PER_ADDRESS
    return f"127.0.{1 + which // 250}.{1 + which % 250}"


@dataclass(slots=True, eq=False)
class Client:
    """One connection.

    Args:
        socket: Non-blocking.
        pause_seconds: Between two of its requests; 0 of an idle one.
        due: When its request was to be sent, in nanoseconds; 0 while none is outstanding.
    """

    socket: socket.socket
    pause_seconds: float = 0.0
    due: int = 0
    received: bytes = b""


@dataclass(slots=True)
class Period:
    """What the active connections measured since a moment; latencies in nanoseconds."""

    latencies: "array[int]" = field(default_factory=lambda: array("q"))
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Clients:
    """All connections of a run; a context manager closes them.

    Args:
        port: Of the service, on 127.0.0.1.
        requests: Sent by active connections in turn.
    """

    port: int
    requests: list[bytes]
    idle: set[Client] = field(default_factory=set)
    active: set[Client] = field(default_factory=set)
    period: Period = field(default_factory=Period)
    _epoll: "select.epoll" = field(init=False)
    _open: dict[int, Client] = field(default_factory=dict)
    _agenda: list[tuple[int, int, Client]] = field(default_factory=list)
    _turn: int = 0

    def __post_init__(self) -> None:
        # A process that is patched by gevent, and only imports this, has none.
        self._epoll = select.epoll()

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._open.values():
            client.socket.close()
        self._epoll.close()

    def open_idle(self, count: int) -> None:
        """Open idle connections; each gets one answer first."""
        opened = [self._connect(len(self._open)) for _ in self._bursts(count)]
        self.idle.update(opened)
        self._ask(opened)

    def open_active(self, count: int, pause_seconds: float) -> None:
        """Open active connections; their requests are spread over the pause."""
        for number in self._bursts(count):
            client = self._connect(len(self._open))
            client.pause_seconds = pause_seconds
            self.active.add(client)
            self._plan(client, time.perf_counter_ns() + int(pause_seconds * 1e9 * number / count))

    def run(self, seconds: float) -> Period:
        """Serve all connections for a time; returns what the active ones measured."""
        self.period = Period()
        end = time.perf_counter_ns() + int(seconds * 1e9)
        while (now := time.perf_counter_ns()) < end:
            self._serve(now, end)
        return self.period

    def ask_idle(self) -> int:
        """Send a request on every idle connection; returns how many got an answer."""
        self.active, self._agenda = set(), []
        asked = list(self.idle)
        self._ask(asked)
        return sum(client in self.idle and not client.due for client in asked)

    def _bursts(self, count: int) -> Iterable[int]:
        for number in range(count):
            if number % _BURST == 0:
                now = time.perf_counter_ns()
                self._serve(now, now + 1_000_000)
            yield number

    def _ask(self, clients: Sequence[Client]) -> None:
        """Send a request on each connection, some at a time, and wait for the answers."""
        for start in range(0, len(clients), _BURST):
            burst = clients[start : start + _BURST]
            for client in burst:
                self._send(client, time.perf_counter_ns())
            self._until(partial(_all_answered, burst))

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        while not condition() and time.monotonic() < deadline:
            now = time.perf_counter_ns()
            self._serve(now, now + int(_POLL_SECONDS * 1e9))

    def _connect(self, number: int) -> Client:
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(CONNECT_SECONDS)
        opened.bind((address_of(number), 0))
        opened.connect(("127.0.0.1", self.port))
        opened.setblocking(False)
        client = Client(opened)
        self._open[opened.fileno()] = client
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        return client

    def _plan(self, client: Client, due: int) -> None:
        heapq.heappush(self._agenda, (due, id(client), client))

    def _serve(self, now: int, end: int) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            due, _, client = heapq.heappop(self._agenda)
            if client in self.active:
                self._send(client, due)
        until = min(end, self._agenda[0][0] if self._agenda else end)
        left = max(0.0, min(_POLL_SECONDS, (until - time.perf_counter_ns()) / 1e9))
        for descriptor, _ in self._epoll.poll(left):
            self._receive(self._open[descriptor])

    def _send(self, client: Client, due: int) -> None:
        client.due, client.received = due, b""
        self._turn += 1
        with contextlib.suppress(OSError):  # its end is received
            client.socket.send(self.requests[self._turn % len(self.requests)])

    def _receive(self, client: Client) -> None:
        received = b""
        with contextlib.suppress(OSError):
            received = client.socket.recv(262_144)
        if not received:
            self._lost(client)
            return
        client.received += received
        if not client.due or not size_of_answer(client.received):
            return
        self.period.latencies.append(time.perf_counter_ns() - client.due)
        if client.received[9:12] != b"200":
            self.period.failures[f"status {client.received[9:12].decode('latin-1')}"] += 1
        if client in self.active:
            self._plan(client, client.due + int(client.pause_seconds * 1e9))
        client.due, client.received = 0, b""

    def _lost(self, client: Client) -> None:
        sort = "active" if client in self.active else "idle"
        self.period.failures[f"{sort} connection closed"] += 1
        self.idle.discard(client)
        self.active.discard(client)
        client.due = 0
        del self._open[client.socket.fileno()]
        client.socket.close()


def _all_answered(clients: Sequence[Client]) -> bool:
    return not any(client.due for client in clients)
