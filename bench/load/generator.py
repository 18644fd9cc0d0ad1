"""The loop that sends and receives.

A closed load sends a connection's next request when its answer has come: the server is always busy.
A paced load sends at fixed times. Its latencies count from the time at which a request should have
been sent, whether or not a connection was free then, so that a server that stalls can't hide the
requests that it delayed.
"""

import contextlib
import select
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bench.load.answers import field_of, size_of_answer
from bench.load.mix import KINDS, STATUS, Kind, Mix
from bench.load.report import Latencies, LoadReport, Traced

_RECEIVE_BYTES: Final = 65536
_DRAIN_SECONDS: Final = 10.0
"""How long the last answers are waited for."""
_REQUEST_ID: Final = b"X-Request-ID"


@dataclass(slots=True, eq=False)
class Connection:
    """One keep-alive connection; ``began`` is 0 while no request is outstanding."""

    socket: socket.socket
    kind: Kind = "page"
    began: int = 0
    received: bytes = b""


@dataclass(slots=True)
class Period:
    """What was measured since a moment."""

    at: float = field(default_factory=time.time)
    began: int = field(default_factory=time.perf_counter_ns)
    cpu_began: float = field(default_factory=time.process_time)
    requests: int = 0
    latencies: dict[Kind, "array[int]"] = field(
        default_factory=lambda: {kind: array("q") for kind in KINDS}
    )
    failures: Counter[str] = field(default_factory=Counter)
    late: "array[int]" = field(default_factory=lambda: array("q"))
    traced: list[Traced] = field(default_factory=list)

    def report(self, seconds: float) -> LoadReport:
        """Summarise it."""
        page, slow, fail = (Latencies.of(self.latencies[kind]) for kind in KINDS)
        answers = page.count + slow.count + fail.count
        spent = time.process_time() - self.cpu_began
        return LoadReport(
            self.requests,
            seconds,
            page,
            slow,
            fail,
            failures=dict(self.failures),
            late_p99_us=Latencies.of(self.late).p99,
            cpu_us=spent / answers * 1e6 if answers else 0.0,
            traced=self.traced,
            at=self.at,
        )


class Generator:
    """One load on one server.

    Args:
        port: On 127.0.0.1.
        mix: Of the requests.
        connections: Number of them; all are open before the first request.
        traces: Whether the request ids of slow and failing requests are recorded.
    """

    def __init__(self, port: int, mix: Mix, *, connections: int, traces: bool = False) -> None:
        self._address = ("127.0.0.1", port)
        self._requests = iter(mix)
        self._traces = traces
        self._epoll = select.epoll()
        self._open: dict[int, Connection] = {}
        self._outstanding = 0
        self._idle: deque[Connection] = deque()
        self.period = Period()
        for _ in range(connections):
            self._connect()

    def closed(self, seconds: float) -> LoadReport:
        """Keep every connection busy for a time."""
        self.period = Period()
        end = self.period.began + int(seconds * 1e9)
        clock, poll = time.perf_counter_ns, self._epoll.poll
        self._idle = deque(self._open.values())
        while (now := clock()) < end:
            while self._idle:
                self._send(self._idle.popleft(), clock())
            for number, _ in poll((end - now) / 1e9):
                connection = self._open[number]
                if self._receive(connection):
                    self._send(connection, clock())
        sent_seconds = (clock() - self.period.began) / 1e9
        self._drain()
        return self.period.report(sent_seconds)

    def counted(self, requests: int) -> LoadReport:
        """Keep every connection busy until so many requests are answered."""
        self.period = Period()
        self._idle = deque(self._open.values())
        while self.period.requests < requests:
            while self._idle and self.period.requests < requests:
                self._send(self._idle.popleft(), time.perf_counter_ns())
            for number, _ in self._epoll.poll(_DRAIN_SECONDS):
                if self._receive(self._open[number]):
                    self._idle.append(self._open[number])
        self._drain()
        return self.period.report((time.perf_counter_ns() - self.period.began) / 1e9)

    def paced(self, per_second: float, seconds: float, every: float = 0.0) -> Iterator[LoadReport]:
        """Send at fixed times; yields a report of each period, and of the rest at the end.

        Args:
            per_second: Requests.
            seconds: Duration.
            every: Seconds of a period; one for the whole when 0.
        """
        self.period = Period()
        self._idle = deque(self._open.values())
        step, began = 1e9 / per_second, self.period.began
        number, total = 0, round(per_second * seconds)
        in_period = round(per_second * every) or total
        while number < total:
            due = began + int(number * step)
            if self._idle and (now := time.perf_counter_ns()) >= due:
                self.period.late.append(now - due)
                self._send(self._idle.popleft(), due)
                number += 1
                if number % in_period == 0 and number < total:
                    yield self._next_period()
            else:
                self._wait_until(due if self._idle else time.perf_counter_ns() + 50_000_000)
        sent_seconds = (time.perf_counter_ns() - self.period.began) / 1e9
        self._drain()
        yield self.period.report(sent_seconds)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.socket.close()
        self._open.clear()
        self._epoll.close()

    def _next_period(self) -> LoadReport:
        ended, self.period = self.period, Period()
        return ended.report((self.period.began - ended.began) / 1e9)

    def _wait_until(self, due: int) -> None:
        # select counts in microseconds, epoll in milliseconds.
        left = max(0, due - time.perf_counter_ns()) / 1e9
        select.select((self._epoll,), (), (), left)
        for number, _ in self._epoll.poll(0):
            connection = self._open[number]
            if self._receive(connection):
                self._idle.append(connection)

    def _drain(self) -> None:
        deadline = time.perf_counter_ns() + int(_DRAIN_SECONDS * 1e9)
        while self._outstanding and time.perf_counter_ns() < deadline:
            for number, _ in self._epoll.poll(0.1):
                self._receive(self._open[number])
        self.period.failures += Counter({"no answer": self._outstanding})

    def _connect(self) -> Connection:
        opened = socket.create_connection(self._address, timeout=30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(False)
        connection = self._open[opened.fileno()] = Connection(opened)
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        return connection

    def _send(self, connection: Connection, due: int) -> None:
        connection.kind, request = next(self._requests)
        connection.began = due
        self._outstanding += 1
        self.period.requests += 1
        try:
            connection.socket.send(request)
        except OSError:
            self._replace(connection)

    def _replace(self, connection: Connection) -> None:
        """Open another connection for one that the server has closed."""
        if connection.began:
            self._outstanding -= 1
            self.period.failures["closed without an answer"] += 1
        del self._open[connection.socket.fileno()]
        connection.socket.close()  # epoll forgets it
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)
        self._idle.append(self._connect())

    def _receive(self, connection: Connection) -> bool:
        """Receive what has come; returns whether the connection is free for a request."""
        try:
            received = connection.socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            received = b""
        if not received:
            self._replace(connection)
            return False
        if connection.received:
            received = connection.received + received
        if not size_of_answer(received):
            connection.received = received
            return False
        self._answered(connection, received)
        return True

    def _answered(self, connection: Connection, answer: bytes) -> None:
        connection.received = b""
        period, kind = self.period, connection.kind
        period.latencies[kind].append(time.perf_counter_ns() - connection.began)
        connection.began = 0
        self._outstanding -= 1
        if answer[9:12] != STATUS[kind]:
            period.failures[f"{kind}: status {answer[9:12].decode('latin-1')}"] += 1
        if kind != "page" and self._traces:
            period.traced.append(Traced(kind, field_of(answer, _REQUEST_ID), time.time()))
