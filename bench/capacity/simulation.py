"""Workers, cores, pool and database as a simulation of discrete events.

A worker is one hub: one thing at a time. A request is a turn of the hub for each part of its own
processor time, and between two of them a command: it waits for a connection of the worker's pool
and for the database. Hubs, database, load and everything else take turns on the same cores. Service
times are those that were measured one kind of request after another; arrivals and the connections
are those of the load (``load``), from the same seeds.

Source: simpy, "Process interaction" and "Shared resources".
"""

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import simpy

from bench.capacity.figures import Outcome, RouteCost
from bench.capacity.load import CONNECTIONS
from bench.load.report import quantile

QUANTUM_SECONDS: Final = 0.003
"""How long a thread keeps a core while others wait.

Source: Linux, ``sched/fair.c``, ``base_slice_ns``: 3 ms on two cores.
"""

Events = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class Server:
    """What is simulated.

    Args:
        workers: Of the service.
        cores: Of the machine, for all that runs on it; 0 when nothing ever waits for one.
        pool: Connections of a worker to the database.
        balance: Share of the load's connections of each worker.
        connections: Of the load.
        load_us: Processor time of the load for a request.
        idle_cores: Cores that each worker uses without a request.
        stretch: Processor times, as a multiple of those measured at an easy pace.
    """

    workers: int
    cores: int
    pool: int
    balance: tuple[float, ...]
    connections: int = CONNECTIONS
    load_us: float = 0.0
    idle_cores: float = 0.0
    stretch: float = 1.0


@dataclass
class Simulation:
    """One load on one server.

    Args:
        server: What serves.
        arrivals: Seconds after the beginning, and what arrives.
        seconds: Until the arrivals end.
    """

    server: Server
    arrivals: Sequence[tuple[float, RouteCost]]
    seconds: float
    latencies: list[float] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)
    _answered: int = 0

    def run(self) -> Outcome:
        """Simulate it until every request that has a connection has its answer."""
        self._env = env = simpy.Environment()
        server = self.server
        self._cores = simpy.Resource(env, server.cores) if server.cores else None
        self._hubs = [simpy.Resource(env, 1) for _ in range(server.workers)]
        self._pools = [simpy.Resource(env, server.pool) for _ in range(server.workers)]
        self._load = simpy.Resource(env, 1)
        self._idle: deque[int] = deque(connections_of(server))
        self._waiting: deque[simpy.Event] = deque()
        for hub in self._hubs:
            env.process(self._background(hub))
        env.process(self._arrive())
        env.run()
        ordered = sorted(self.latencies)
        p50, p99 = (quantile(ordered, share) * 1e3 for share in (0.5, 0.99))
        used = {name: spent / self.seconds for name, spent in self.used.items()}
        return Outcome(
            self._answered / self.seconds,
            p50,
            p99,
            used.get("worker", 0.0),
            used.get("database", 0.0),
        )

    def _arrive(self) -> Events:
        for at, route in self.arrivals:
            yield self._env.timeout(max(0.0, at - self._env.now))
            self._env.process(self._request(route, at))

    def _request(self, route: RouteCost, arrived: float) -> Events:
        if not self._idle:
            turn = self._env.event()
            self._waiting.append(turn)
            yield turn
        worker = self._idle.popleft()
        yield from self._on(self._load, "load", self.server.load_us / 2)
        yield from self._serve(route, self._hubs[worker], self._pools[worker])
        yield from self._on(self._load, "load", self.server.load_us / 2)
        self.latencies.append(self._env.now - arrived)
        self._answered += self._env.now <= self.seconds
        self._idle.append(worker)
        if self._waiting and self._env.now <= self.seconds:
            self._waiting.popleft().succeed()

    def _serve(self, route: RouteCost, hub: simpy.Resource, pool: simpy.Resource) -> Events:
        commands = round(route.commands)
        part = route.hub_us / (commands + 1)
        yield from self._on(hub, "worker", part)
        yield from self._compute("worker", route.threads_us)
        if route.external_ms:
            yield self._env.timeout(max(0.0, route.external_ms / 1e3 - route.others_us / 1e6))
            yield from self._compute("others", route.others_us)
        for _ in range(commands):
            with pool.request() as connection:
                yield connection
                yield from self._compute("database", route.database_us / commands)
            yield from self._on(hub, "worker", part)

    def _on(self, one: simpy.Resource, who: str, microseconds: float) -> Events:
        """Compute while holding something that does one thing at a time."""
        with one.request() as turn:
            yield turn
            yield from self._compute(who, microseconds)

    def _compute(self, who: str, microseconds: float) -> Events:
        """Take processor time, in turns with all others on the cores."""
        left = microseconds / 1e6 * (1.0 if who == "load" else self.server.stretch)
        if self._env.now <= self.seconds:
            self.used[who] = self.used.get(who, 0.0) + left
        if self._cores is None:
            yield self._env.timeout(left)
            return
        while left > 0:
            with self._cores.request() as turn:
                yield turn
                part = min(left, QUANTUM_SECONDS)
                yield self._env.timeout(part)
                left -= part

    def _background(self, hub: simpy.Resource) -> Events:
        """What a worker does by the clock, a tenth of a second apart."""
        while self._env.now < self.seconds:
            yield from self._on(hub, "worker", self.server.idle_cores * 0.1 * 1e6)
            yield self._env.timeout(0.1)


def connections_of(server: Server) -> list[int]:
    """Return the worker of each connection of the load, spread as the shares are."""
    found, owed = list[int](), [0.0] * server.workers
    for _ in range(server.connections):
        owed = [one + share for one, share in zip(owed, server.balance, strict=True)]
        worker = max(range(server.workers), key=owed.__getitem__)
        owed[worker] -= 1.0
        found.append(worker)
    return found
