"""How long a scrape of 10,000 series keeps requests waiting: not at all, prometheus_client on the
hub, our management port.

A gevent server in a process of its own answers a steady trickle of requests; this process scrapes
it. Variants take turns within each round, so that the machine's mood falls on all of them. Per
round: the median over its scrapes of the longest that the hub was held during one, and the p99 of
the requests; printed are the medians over the rounds with their spread, and the ratios round by
round.

    .venv/bin/python -m bench.scrape [rounds] [scrapes a round]
"""

import gc
import http.client
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import gevent
from gevent.pywsgi import WSGIServer

from bench.rounds import ask_for, spread
from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.exposition import choose_format
from telemetry.guard import Guard
from telemetry.management import Management
from telemetry.metrics import Metrics, observe_traced

OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"
CHILDREN: Final = 500
"""Of a histogram with 20 lines each."""
VARIANTS: Final = ("no scrape", "prometheus_client on the hub", "management port")
PAUSE_SECONDS: Final = 0.15


@dataclass(slots=True)
class Outcome:
    """What one variant did in one round; seconds.

    Args:
        stalls: The longest hold of the hub during each scrape.
        p99: Of the requests meanwhile.
    """

    stalls: list[float] = field(default_factory=list)
    p99: float = 0.0

    @property
    def stall(self) -> float:
        """The median over the scrapes."""
        return statistics.median(self.stalls)


def measure(rounds: int, scrapes: int) -> dict[str, list[Outcome]]:
    """Run the comparison.

    Args:
        rounds: How often each variant has its turn.
        scrapes: In each turn.

    Returns:
        Outcomes by variant, one a round.
    """
    seen: dict[str, list[Outcome]] = {variant: [] for variant in VARIANTS}
    with _server() as server:
        for variant in VARIANTS:  # the first scrape of each prepares what later ones reuse
            server.scrape(variant)
        for _ in range(rounds):
            for variant in VARIANTS:
                seen[variant].append(_round(server, variant, scrapes))
    return seen


def _round(server: "_Served", variant: str, scrapes: int) -> Outcome:
    outcome = Outcome()

    def load() -> None:
        outcome.p99 = ask_for(server.port, ["/"], scrapes * (PAUSE_SECONDS + 0.1)).quantile(0.99)

    clients = threading.Thread(target=load)
    clients.start()
    for _ in range(scrapes):
        time.sleep(PAUSE_SECONDS)
        outcome.stalls.append(server.scrape(variant))
    clients.join()
    return outcome


class _Served:
    """The server's process, seen from here."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port, self._management_port = (int(port) for port in self._line().split())

    def scrape(self, variant: str) -> float:
        """Scrape once; the longest hold of the hub meanwhile, in seconds."""
        self._ask("begin")
        if variant == VARIANTS[0]:
            time.sleep(0.05)
        else:
            port, path = (
                (self.port, "/metrics")
                if variant == VARIANTS[1]
                else (self._management_port, "/metrics")
            )
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path, headers={"Accept": OPENMETRICS})
            assert connection.getresponse().read().count(b"\n") > CHILDREN * 20
            connection.close()
        return float(self._ask("end"))

    def _ask(self, what: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def _server() -> Iterator[_Served]:
    command = [sys.executable, "-m", "bench.scrape", "serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Served(process)
        finally:
            process.kill()


def _serve() -> None:
    """The other process.

    One hub with requests, a scrape route of prometheus_client, and the management port.
    """
    metrics, guard = Metrics(), Guard(strict=True, on_error=print)
    durations = metrics.histograms(names.REQUEST_DURATION)
    for number in range(CHILDREN):
        for milliseconds in (1, 20, 300):
            observe_traced(
                durations["GET", f"/route/{number}", "200"], milliseconds / 1e3, f"{number:032x}"
            )
    management = Management(
        TelemetryConfig.from_env({"TELEMETRY_MANAGEMENT_PORT": "0"}), metrics, guard, {}, tuple
    )
    management.start()

    def answer(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        body = b"ok"
        if environ["PATH_INFO"] == "/metrics":
            body = choose_format(OPENMETRICS).encoder(metrics.registry)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # accepted ones inherit it; without it each answer waits 44 ms
    listener.setblocking(False)
    server = WSGIServer(listener, answer, log=None)
    server.start()
    stalls = [0.0]
    gevent.spawn(_watch, stalls)
    gc.collect()
    gc.freeze()
    print(server.server_port, management.port, flush=True)
    while True:
        gevent.socket.wait_read(sys.stdin.fileno())
        what = sys.stdin.readline()
        if not what:
            return
        gevent.sleep(0.003)  # a hold that is just ending has been seen then
        print(max(stalls), flush=True)
        if what == "begin\n":
            stalls[:] = [0.0]


def _watch(stalls: list[float]) -> None:
    while True:
        began = time.perf_counter()
        gevent.sleep(0.001)
        stalls.append(max(0.0, time.perf_counter() - began - 0.001))


def main(rounds: int, scrapes: int) -> None:
    """Print the comparison."""
    seen = measure(rounds, scrapes)
    for variant, outcomes in seen.items():
        stalls, worst = (
            [outcome.stall * 1e3 for outcome in outcomes],
            max(max(outcome.stalls) for outcome in outcomes) * 1e3,
        )
        p99 = [outcome.p99 * 1e3 for outcome in outcomes]
        print(
            f"{variant:30} hub held {spread(stalls, ' ms')}, worst {worst:.1f} ms; requests' p99 {spread(p99, ' ms')}"
        )
    ratios = [
        stock.stall / ours.stall
        for stock, ours in zip(seen[VARIANTS[1]], seen[VARIANTS[2]], strict=True)
    ]
    print(f"prometheus_client holds the hub {spread(ratios)} times as long as the management port")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        _serve()
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 7, int(sys.argv[2]) if sys.argv[2:] else 10)
