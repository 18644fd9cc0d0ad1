"""An open load: ``python -m bench.capacity.load FILE``; prints its report as a line of JSON.

Requests arrive by chance (Poisson) at a rate, whatever the answers do. One that finds no free
connection waits for one, and its latency counts from its arrival: a server that falls behind cannot
hide what it delays.
"""

import contextlib
import json
import random
import select
import socket
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from bench.load.answers import size_of_answer
from bench.load.report import quantile

CONNECTIONS: Final = 200
"""Less than ``CONNECTIONS_PER_ADDRESS``; more requests wait for one of these."""
DRAIN_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests of one kind.

    Args:
        name: Of the kind.
        share: By which it is chosen; shares need not add up to 1.
        status: Of a right answer.
        raw: Requests as they are sent, in Latin-1; one is chosen by chance.
    """

    name: str
    share: float
    status: int
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A load.

    Args:
        port: Of the server, on 127.0.0.1.
        rate: Arrivals a second, on average.
        seconds: Duration of the arrivals.
        kinds: Of its requests.
        seed: Of the arrivals and of the choices.
        connections: Most requests in flight.
    """

    port: int
    rate: float
    seconds: float
    kinds: tuple[Kind, ...]
    seed: int = 1
    connections: int = CONNECTIONS

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a plan from its JSON."""
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        kinds = [Kind(**{**one, "raw": tuple(one["raw"])}) for one in values["kinds"]]
        return cls(**{**values, "kinds": tuple(kinds)})


@dataclass(frozen=True, slots=True)
class Report:
    """What a load measured.

    Args:
        sent: Requests that were sent; those that still waited for a connection were not.
        answered: Answers before the arrivals ended.
        seconds: Duration of the arrivals.
        elapsed: Seconds until the last answer.
        p50_ms, p99_ms: Latencies from arrival, of what was answered.
        failures: By what went wrong.
        cpu_seconds: Of this process.
        late_p99_ms: From arrival to sending, of those that found a free connection.
    """

    sent: int
    answered: int
    seconds: float
    elapsed: float
    p50_ms: float
    p99_ms: float
    failures: Mapping[str, int]
    cpu_seconds: float
    late_p99_ms: float


@dataclass(slots=True, eq=False)
class Client:
    """One connection, and the request that it has sent."""

    socket: socket.socket
    status: bytes = b""
    due: int = 0
    received: bytes = b""


@dataclass(slots=True)
class OpenLoad:
    """Sends a plan's requests."""

    plan: Plan
    latencies: "array[int]" = field(default_factory=lambda: array("q"))
    late: "array[int]" = field(default_factory=lambda: array("q"))
    failures: Counter[str] = field(default_factory=Counter)
    _epoll: "select.epoll" = field(init=False)
    _clients: dict[int, Client] = field(default_factory=dict)
    _idle: deque[Client] = field(default_factory=deque)
    _waiting: deque[tuple[int, bytes, bytes]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        # A process that is patched by gevent, and only imports this, has none.
        self._epoll = select.epoll()

    def run(self) -> Report:
        """Run it; ends with the answers to what was sent, or 20 s after the last arrival."""
        plan = self.plan
        arrivals = arrivals_of(plan)
        for _ in range(plan.connections):
            self._connect()
        cpu, began = time.process_time(), time.perf_counter_ns()
        for after, status, raw in arrivals:
            due = began + after
            while (now := time.perf_counter_ns()) < due:
                self._poll((due - now) / 1e9)
            if self._idle:
                self.late.append(now - due)
            self._waiting.append((due, status, raw))
            self._send_waiting()
        while (left := plan.seconds - (time.perf_counter_ns() - began) / 1e9) > 0:
            self._poll(left)
        answered = len(self.latencies)
        sent = len(arrivals) - len(self._waiting)
        self._waiting.clear()
        self._drain()
        elapsed = (time.perf_counter_ns() - began) / 1e9
        return self._report(sent, answered, elapsed, time.process_time() - cpu)

    def _report(self, sent: int, answered: int, elapsed: float, cpu_seconds: float) -> Report:
        if missing := sent - len(self.latencies):
            self.failures["no answer"] += missing
        ordered = sorted(self.latencies)
        p50, p99 = (quantile(ordered, share) / 1e6 for share in (0.5, 0.99))
        late = quantile(sorted(self.late), 0.99) / 1e6
        failures, seconds = dict(self.failures), self.plan.seconds
        return Report(sent, answered, seconds, elapsed, p50, p99, failures, cpu_seconds, late)

    def _connect(self) -> None:
        opened = socket.create_connection(("127.0.0.1", self.plan.port), timeout=10)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(opened)
        self._clients[opened.fileno()] = client
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        self._idle.append(client)

    def _send_waiting(self) -> None:
        while self._waiting and self._idle:
            client = self._idle.popleft()
            client.due, client.status, raw = self._waiting.popleft()
            client.received = b""
            # A request is smaller than the socket's buffer, but for uploads, which are not sent.
            client.socket.sendall(raw)

    def _poll(self, seconds: float) -> None:
        # select counts in microseconds, epoll in milliseconds.
        select.select((self._epoll,), (), (), max(0.0, min(seconds, 0.5)))
        for number, _ in self._epoll.poll(0):
            self._receive(self._clients[number])
        self._send_waiting()

    def _receive(self, client: Client) -> None:
        received = b""
        with contextlib.suppress(OSError):
            received = client.socket.recv(262_144)
        if not received:
            self._replace(client)
            return
        client.received += received
        if client.due and size_of_answer(client.received):
            self.latencies.append(time.perf_counter_ns() - client.due)
            if client.received[9:12] != client.status:
                self.failures[f"status {client.received[9:12].decode('latin-1')}"] += 1
            client.due = 0
            self._idle.append(client)

    def _replace(self, client: Client) -> None:
        if client.due:
            self.failures["closed"] += 1
        with contextlib.suppress(ValueError):
            self._idle.remove(client)
        del self._clients[client.socket.fileno()]
        client.socket.close()
        self._connect()

    def _drain(self) -> None:
        end = time.monotonic() + DRAIN_SECONDS
        while any(client.due for client in self._clients.values()) and time.monotonic() < end:
            self._poll(0.1)


def arrivals_of(plan: Plan) -> Sequence[tuple[int, bytes, bytes]]:
    """Return nanoseconds after the beginning, the right status and the request of each arrival."""
    chance = random.Random(f"requests {plan.seed}")
    kinds = [
        (str(kind.status).encode(), [raw.encode("latin-1") for raw in kind.raw])
        for kind in plan.kinds
    ]
    shares = [kind.share for kind in plan.kinds]
    return [
        (int(at * 1e9), kinds[which][0], chance.choice(kinds[which][1]))
        for at, which in chosen(shares, plan.rate, plan.seconds, plan.seed)
    ]


def chosen(
    shares: Sequence[float], rate: float, seconds: float, seed: int
) -> Iterator[tuple[float, int]]:
    """Yield the seconds and the kind of each arrival; the same for the same arguments.

    Args:
        shares: By which kinds are chosen.
        rate: Arrivals a second, on average.
        seconds: Until they end.
        seed: Of the chance.
    """
    chance, kinds = random.Random(seed), range(len(shares))
    at = chance.expovariate(rate)
    while at < seconds:
        yield at, chance.choices(kinds, shares)[0]
        at += chance.expovariate(rate)


def main() -> None:
    """Run one load."""
    report = OpenLoad(Plan.read(Path(sys.argv[1]))).run()
    print(json.dumps(asdict(report)), flush=True)


if __name__ == "__main__":
    main()
