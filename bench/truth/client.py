"""The client that sends requests of all kinds: ``python -m bench.truth.client PORT COUNT FILE``.

As many connections as it takes to keep a worker busy, each with one request at a time. An exchange
lasts from its first byte until the arrival of the last one of its answer, by the kernel's stamp, so
that it does not matter when this process gets to read it. Each is a line of JSON in the file.
"""

import argparse
import heapq
import itertools
import json
import os
import random
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final, TextIO

from bench.load.answers import field_of, size_of_answer
from bench.truth.stamps import receive, stamp

CONNECTIONS: Final = 16
SHARES: Final = {
    "page": 34,
    "pool": 14,
    "external": 6,
    "sleep": 8,
    "lock": 8,
    "threadpool": 6,
    "stream": 8,
    "parallel": 4,
    "body": 5,
    "error": 3,
    "burn": 3,
    "large": 1,
}
"""Requests of each kind in a hundred; those of pages, streams and others have commands."""
BODY_BYTES: Final = 20_000
BODY_PAUSE_SECONDS: Final = 0.008
READER_PAUSE_SECONDS: Final = 0.05
READER_BUFFER_BYTES: Final = 8192
"""So that the kernel does not take the answer for a client that does not read."""
_RECEIVE_BYTES: Final = 1 << 20
_PATIENCE_SECONDS: Final = 60.0


@dataclass(slots=True)
class Exchange:
    """One request and its answer.

    Args:
        number: In its path, and in the markers of its commands.
        kind: Of its view.
        began_ns: Wall clock before its first byte was sent.
        sent_ns: And after that: on a busy machine they are not the same.
        rest_ns: After the rest of its body was sent, where that came later; else 0.
        ended_ns: When the last byte of its answer arrived.
        request_id: From the answer.
    """

    number: int
    kind: str
    began_ns: int = 0
    sent_ns: int = 0
    rest_ns: int = 0
    ended_ns: int = 0
    status: int = 0
    request_id: str = ""

    @property
    def least_seconds(self) -> float:
        """Time that it took at least, by the client."""
        return (self.ended_ns - self.sent_ns) / 1e9

    @property
    def most_seconds(self) -> float:
        """And at most."""
        return (self.ended_ns - self.began_ns) / 1e9


@dataclass(slots=True, eq=False)
class Connection:
    """One connection; what was received belongs to its exchange."""

    socket: socket.socket
    exchange: Exchange
    received: bytes = b""
    missing: int = 0
    """Bytes of a large body that are not kept."""


def kinds(seed: int = 12) -> Iterator[str]:
    """Yield kinds of requests, in a random order with exact shares."""
    hundred: Sequence[str] = [kind for kind, share in SHARES.items() for _ in range(share)]
    shuffled = random.Random(seed)
    while True:
        yield from shuffled.sample(hundred, len(hundred))


class Client:
    """One run.

    Args:
        port: Of the worker.
        count: Requests.
        file: Where the exchanges are written.
    """

    def __init__(self, port: int, count: int, file: TextIO) -> None:
        self._port = port
        self._file = file
        self._left = count
        self._kinds = kinds()
        self._numbers = itertools.count(1)
        self._epoll = select.epoll()
        self._open: dict[int, Connection] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []

    def run(self) -> None:
        """Send all requests and wait for their answers.

        Raises:
            TimeoutError: No answer came for a minute.
        """
        for _ in range(CONNECTIONS):
            self._begin(None)
        while self._open:
            ready = self._epoll.poll(self._seconds_until_next())
            if not ready and not self._later:
                raise TimeoutError(f"no answer to {list(self._open.values())[:3]}")
            for number, _ in ready:
                self._receive(self._open[number])
            while self._later and self._later[0][0] <= time.monotonic():
                heapq.heappop(self._later)[2]()

    def _seconds_until_next(self) -> float:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else _PATIENCE_SECONDS

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), do))

    def _begin(self, kept: socket.socket | None) -> None:
        """Send the next request, on a connection that is kept where that is possible."""
        if self._left == 0:
            if kept is not None:
                kept.close()
            return
        self._left -= 1
        exchange = Exchange(next(self._numbers), next(self._kinds))
        slow_reader = exchange.kind == "large"
        if kept is not None and slow_reader:
            kept.close()
            kept = None
        connection = Connection(kept or self._connect(slow_reader), exchange)
        self._open[connection.socket.fileno()] = connection
        self._send(connection)

    def _connect(self, slow_reader: bool) -> socket.socket:
        made = socket.socket()
        if slow_reader:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READER_BUFFER_BYTES)
        made.connect(("127.0.0.1", self._port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        stamp(made)
        return made

    def _send(self, connection: Connection) -> None:
        exchange = connection.exchange
        method = "POST" if exchange.kind == "body" else "GET"
        length = f"Content-Length: {BODY_BYTES}\r\n" if exchange.kind == "body" else ""
        head = f"{method} /{exchange.kind}?n={exchange.number} HTTP/1.1\r\nHost: truth\r\n{length}"
        data, half = f"{head}\r\n".encode(), bytes(BODY_BYTES // 2)
        exchange.began_ns = time.time_ns()
        if exchange.kind == "body":
            connection.socket.sendall(data + half)
            exchange.sent_ns = time.time_ns()
            self._after(BODY_PAUSE_SECONDS, lambda: self._send_rest(connection, half))
        else:
            connection.socket.sendall(data)
            exchange.sent_ns = time.time_ns()
        if exchange.kind == "large":
            self._after(READER_PAUSE_SECONDS, lambda: self._read(connection))
        else:
            self._read(connection)

    def _send_rest(self, connection: Connection, rest: bytes) -> None:
        connection.socket.sendall(rest)
        connection.exchange.rest_ns = time.time_ns()

    def _read(self, connection: Connection) -> None:
        if connection.exchange.kind == "large":
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        self._epoll.register(connection.socket.fileno(), select.EPOLLIN)

    def _receive(self, connection: Connection) -> None:
        try:
            data, arrived_ns = receive(connection.socket, _RECEIVE_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError(f"closed before the answer to {connection.exchange}")
        if connection.missing:
            connection.missing -= len(data)
            if not connection.missing:
                self._ended(connection, arrived_ns)
            return
        connection.received += data
        if size_of_answer(connection.received):
            self._ended(connection, arrived_ns)
        elif connection.exchange.kind == "large" and b"\r\n\r\n" in connection.received:
            size = connection.received.index(b"\r\n\r\n") + 4
            size += int(field_of(connection.received, b"Content-Length"))
            connection.missing = size - len(connection.received)

    def _ended(self, connection: Connection, arrived_ns: int) -> None:
        exchange, answer, used = connection.exchange, connection.received, connection.socket
        exchange.ended_ns = arrived_ns
        exchange.status = int(answer[9:12])
        exchange.request_id = field_of(answer, b"X-Request-ID")
        print(json.dumps(asdict(exchange)), file=self._file)
        del self._open[used.fileno()]
        self._epoll.unregister(used.fileno())
        keeps = exchange.kind != "large" and field_of(answer, b"Connection").lower() != "close"
        if not keeps:
            used.close()
        self._begin(used if keeps else None)


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.truth.client")
    parser.add_argument("port", type=int, help="of a worker on 127.0.0.1")
    parser.add_argument("count", type=int, help="number of requests")
    parser.add_argument("file", help="where the exchanges are written")
    parser.add_argument("--core", type=int, help="the only core that this process may use")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    with open(options.file, "w", encoding="ascii") as file:
        Client(options.port, options.count, file).run()


if __name__ == "__main__":
    main()
