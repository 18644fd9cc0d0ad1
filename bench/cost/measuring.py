"""One measurement of one server, and the rounds over all of them."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Self

from bench.cost.servers import LOAD_CORE, Receiver, Server
from bench.load.report import LoadReport
from stack import paths

DELIVERY_SECONDS: Final = 15.0
"""How long the last spans are waited for; the SDK sends every five."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How a load is sent.

    Args:
        seconds: Duration.
        connections: Number of them.
        paced: Requests a second; 0 for a full worker.
        mix: Name of ``bench.load.mix.MIXES``.
        routes: Requested in turn instead, when more than 0.
    """

    seconds: float
    connections: int = 32
    paced: float = 0.0
    mix: str = "simple"
    routes: int = 0

    def to(self, port: int) -> LoadReport:
        """Load a server from a process of its own."""
        command = [sys.executable, "-m", "bench.load", str(port), "--core", str(LOAD_CORE)]
        command += ["--seconds", str(self.seconds), "--connections", str(self.connections)]
        command += ["--mix", self.mix]
        if self.paced:
            command += ["--paced", str(self.paced)]
        if self.routes:
            command += ["--routes", str(self.routes)]
        done = subprocess.run(
            command, cwd=paths.ROOT, stdout=subprocess.PIPE, check=True, text=True
        )
        return LoadReport.from_json(done.stdout.splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Measurement:
    """One server in one round.

    Args:
        cpu_us: Processor time of the workers for an answer.
        per_second: Answers.
        p50_ms, p99_ms: Latencies.
        resident_mb: Memory of a worker, afterwards.
        answers, failures: Their numbers.
        load_us: Processor time of the load for an answer.
    """

    cpu_us: float
    per_second: float
    p50_ms: float
    p99_ms: float
    resident_mb: float
    answers: int
    failures: int
    load_us: float


def measure(server: Server, sending: Sending) -> Measurement:
    """Load a server once; the processor time is of exactly the requests of this load.

    With many routes, the layer's metrics are read once meanwhile.
    """
    before = server.cpu_seconds
    with _scraping(server, sending):
        report = sending.to(server.port)
    spent = server.cpu_seconds - before
    return Measurement(
        spent / max(1, report.answers) * 1e6,
        report.per_second,
        report.pages.p50 / 1e3,
        report.pages.p99 / 1e3,
        server.resident_bytes / 1e6,
        report.answers,
        sum(report.failures.values()),
        report.cpu_us,
    )


@contextmanager
def _scraping(server: Server, sending: Sending) -> Iterator[None]:
    if not (sending.routes and server.condition.has_layer):
        yield
        return
    scrape = threading.Timer(sending.seconds / 2, server.scrape)
    scrape.start()
    try:
        yield
    finally:
        scrape.join()


@dataclass(frozen=True, slots=True)
class Delivery:
    """Spans of one server: those that were to be sent, and those received."""

    kept: int
    delivered: int

    def since(self, before: Self) -> "Delivery":
        """Return the difference."""
        return Delivery(self.kept - before.kept, self.delivered - before.delivered)


Rounds = dict[str, list[Measurement]]
"""Measurements by condition, in the order of the rounds."""


def run_rounds(
    servers: Sequence[Server], sending: Sending, rounds: int, progress: Callable[[str], object]
) -> Rounds:
    """Measure every server in each round, each time from another one on."""
    found: Rounds = {server.condition.name: [] for server in servers}
    for number in range(rounds):
        turn = number % len(servers)
        for server in (*servers[turn:], *servers[:turn]):
            found[server.condition.name].append(measure(server, sending))
        progress(f"round {number + 1} of {rounds} done")
    return found


def warm_up(servers: Sequence[Server], sending: Sending) -> dict[str, int]:
    """Load every server for a moment, so that each route was requested once; returns answers."""
    seconds = max(1.0, sending.routes / 1000)
    short = replace(sending, seconds=seconds, paced=0.0)
    return {server.condition.name: short.to(server.port).answers for server in servers}


class SpanAccount:
    """Spans kept and delivered since the last time, by condition.

    Args:
        servers: Those that are measured.
        sink: Receives their spans.
    """

    def __init__(self, servers: Sequence[Server], sink: Receiver) -> None:
        self._servers = [one for one in servers if one.condition.exports]
        self._foreign = [one for one in servers if one.condition.sends_every_trace]
        self._sink = sink
        self._before: dict[str, Delivery] = {}
        self._answers: Counter[str] = Counter()

    def add_answers(self, answers: Mapping[str, int]) -> None:
        """Count requests: a foreign library that keeps every trace makes one of each."""
        self._answers.update(answers)

    def settle(self) -> dict[str, Delivery]:
        """Return what was kept and delivered since the last call, once nothing is on its way."""
        deadline = time.monotonic() + DELIVERY_SECONDS
        while any(one.span_counts.queued for one in self._servers) and time.monotonic() < deadline:
            time.sleep(0.2)
        # A batch may be on its way, and the SDK sends every five seconds.
        time.sleep(6.0 if self._foreign else 1.0)
        counts = self._sink.counts()
        now = {
            one.condition.name: Delivery(one.span_counts.kept, counts.get(one.sender, 0))
            for one in self._servers
        }
        now |= {
            one.condition.name: Delivery(
                self._answers[one.condition.name], counts.get(one.sender, 0)
            )
            for one in self._foreign
        }
        before, self._before = self._before, now
        return {name: one.since(before.get(name, Delivery(0, 0))) for name, one in now.items()}
