"""How long a scrape of 10,000 series delays requests: management port against prometheus_client.

A gevent server in a process of its own answers a steady rate of requests; this process scrapes it.
For each round: the median over its scrapes of the longest stall of the hub during one, and the p99
of the requests. Printed are medians over the rounds with their spread, and ratios round by round.

    .venv/bin/python -m bench.scrape [rounds] [scrapes a round]
"""

import gc
import http.client
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

from bench import hub
from bench.rounds import send_requests, spread
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
    """Result of one variant in one round; seconds.

    Args:
        stalls: The longest stall of the hub during each scrape.
        p99: Of the requests meanwhile.
    """

    stalls: list[float] = field(default_factory=list)
    p99: float = 0.0

    @property
    def stall(self) -> float:
        """Median over the scrapes."""
        return statistics.median(self.stalls)


def measure(rounds: int, scrapes: int) -> dict[str, list[Outcome]]:
    """Run the comparison.

    Args:
        rounds: Number of turns of each variant.
        scrapes: In each turn.

    Returns:
        Outcomes by variant, one a round.
    """
    outcomes: dict[str, list[Outcome]] = {variant: [] for variant in VARIANTS}
    with _server() as server:
        for variant in VARIANTS:  # the first scrape of each prepares what later ones reuse
            server.scrape(variant)
        for _ in range(rounds):
            for variant in VARIANTS:
                outcomes[variant].append(_round(server, variant, scrapes))
    return outcomes


def _round(server: "_ServerProcess", variant: str, scrapes: int) -> Outcome:
    outcome = Outcome()

    def load() -> None:
        outcome.p99 = send_requests(server.port, ["/"], scrapes * (PAUSE_SECONDS + 0.1)).quantile(
            0.99
        )

    clients = threading.Thread(target=load)
    clients.start()
    for _ in range(scrapes):
        time.sleep(PAUSE_SECONDS)
        outcome.stalls.append(server.scrape(variant))
    clients.join()
    return outcome


class _ServerProcess:
    """Commands to the server's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port, self._management_port = (int(port) for port in self._line().split())

    def scrape(self, variant: str) -> float:
        """Scrape once; return the longest stall of the hub meanwhile, in seconds."""
        self._send("begin")
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
        return float(self._send("end"))

    def _send(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def _server() -> Iterator[_ServerProcess]:
    command = [sys.executable, "-m", "bench.scrape", "serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _ServerProcess(process)
        finally:
            process.kill()


def _serve() -> None:
    """Run the other process: one hub with requests, prometheus_client's route, management port."""
    metrics, guard = Metrics(), Guard(strict=True, on_error=print)
    durations = metrics.histograms(names.REQUEST_DURATION)
    for number in range(CHILDREN):
        for milliseconds in (1, 20, 300):
            observe_traced(
                durations["GET", f"/route/{number}", "200"], milliseconds / 1e3, f"{number:032x}"
            )
    config = TelemetryConfig.from_env({"TELEMETRY_MANAGEMENT_PORT": "0"})
    management = Management(config, metrics, guard, health_verdicts={}, in_flight=tuple)
    management.start()

    def respond(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        body = b"ok"
        if environ["PATH_INFO"] == "/metrics":
            body = choose_format(OPENMETRICS).encoder(metrics.registry)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = WSGIServer(hub.listener(), respond, log=None)
    server.start()
    stalls = [0.0]
    gevent.spawn(hub.record_stalls, stalls)
    gc.collect()
    gc.freeze()
    print(server.server_port, management.port, flush=True)
    while True:
        gevent.socket.wait_read(sys.stdin.fileno())
        command = sys.stdin.readline()
        if not command:
            return
        gevent.sleep(0.003)  # a stall that is just ending is recorded by then
        print(max(stalls), flush=True)
        if command == "begin\n":
            stalls[:] = [0.0]


def main(rounds: int, scrapes: int) -> None:
    """Print the comparison."""
    measured = measure(rounds, scrapes)
    for variant, outcomes in measured.items():
        stalls = [outcome.stall * 1e3 for outcome in outcomes]
        worst = max(max(outcome.stalls) for outcome in outcomes) * 1e3
        p99 = [outcome.p99 * 1e3 for outcome in outcomes]
        blocked = f"hub blocked {spread(stalls, ' ms')}, worst {worst:.1f} ms"
        print(f"{variant:30} {blocked}; requests' p99 {spread(p99, ' ms')}")
    pairs = zip(measured[VARIANTS[1]], measured[VARIANTS[2]], strict=True)
    ratios = [stock.stall / own.stall for stock, own in pairs]
    print(f"prometheus_client blocks the hub {spread(ratios)} times as long as the management port")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        _serve()
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 7, int(sys.argv[2]) if sys.argv[2:] else 10)
