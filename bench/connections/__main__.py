"""Holds connections on one worker: ``python -m bench.connections --idle 10000 --active 2000``."""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.capacity.figures import Figures, Held, Minute
from bench.capacity.stand import BACKENDS, Stand, running
from bench.capacity.steps import API, POSTS, Request
from bench.connections.clients import Clients, Period
from bench.connections.descriptors import DescriptorLimit, allow
from bench.load.report import quantile

PERIOD_SECONDS: Final = 30.0
SPARE_CONNECTIONS: Final = 100
REQUESTS: Final = (f"{API}/health/liveness", f"{POSTS}/walking-as-a-meeting")
HEADER: Final = (
    "| after | idle open | active open | memory | answers | failures | p50 | p99 |\n"
    "|---|---|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str] | None = None) -> Held:
    """Hold the connections and print what was seen.

    Raises:
        SystemExit: A limit of the machine does not allow it; one line.
    """
    options = parse(arguments)
    try:
        allow(options.idle + options.active)
    except DescriptorLimit as error:
        sys.exit(f"bench.connections: {error}")
    seconds = options.minutes * 60
    with running(1, settings(options.idle + options.active, seconds), backends=BACKENDS) as stand:
        held = hold(stand, options.idle, options.active, seconds, options.pause)
    print(summary(held))
    if options.json:
        replace(Figures.read(options.json), held=held).write(options.json)
    return held


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.connections")
    parser.add_argument("--idle", type=int, default=10_000, help="connections that only wait")
    parser.add_argument("--active", type=int, default=2000, help="connections that send requests")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--pause", type=float, default=20.0, help="seconds between two requests")
    parser.add_argument("--json", type=Path, help="add the result to this file of figures")
    return parser.parse_args(arguments)


def settings(connections: int, seconds: float) -> dict[str, str]:
    """Return the service's settings for so many connections that stay for so long."""
    return {
        "CONNECTIONS_PER_WORKER": str(connections + SPARE_CONNECTIONS),
        "KEEPALIVE_SECONDS": str(seconds + 600),
    }


def hold(stand: Stand, idle: int, active: int, seconds: float, pause_seconds: float) -> Held:
    """Open the connections, hold them, and ask the idle ones at the end.

    Args:
        stand: With one worker that admits them.
        idle: Connections that only wait.
        active: Connections that send requests.
        seconds: For how long.
        pause_seconds: Between two requests of an active connection.
    """
    before_mib, latencies = stand.processes.resident_mib(), list[int]()
    failures, minutes = Counter[str](), list[Minute]()
    with Clients(stand.port, [Request("GET", path).raw() for path in REQUESTS]) as clients:
        clients.open_idle(idle)
        clients.open_active(active, pause_seconds)
        clocks, began = stand.processes.clocks(), time.perf_counter()
        print(HEADER, flush=True)
        while (left := seconds - (time.perf_counter() - began)) > 0:
            period = clients.run(min(left, PERIOD_SECONDS))
            latencies.extend(period.latencies)
            failures.update(period.failures)
            minutes.append(_minute(stand, clients, period, time.perf_counter() - began))
            print(row(minutes[-1]), flush=True)
        used = stand.processes.clocks().since(clocks)
        cores = (used.hubs + used.threads) / (time.perf_counter() - began)
        clients.period = Period()
        answered = clients.ask_idle()
        failures.update(clients.period.failures)
    ordered = sorted(latencies)
    p50, p99, most = (quantile(ordered, share) / 1e6 for share in (0.5, 0.99, 1.0))
    return Held(
        idle=idle,
        active=active,
        seconds=seconds,
        pause_seconds=pause_seconds,
        before_mib=before_mib,
        minutes=tuple(minutes),
        idle_answered=answered,
        answers=len(latencies),
        failures=sum(failures.values()),
        p50_ms=p50,
        p99_ms=p99,
        max_ms=most,
        worker_cores=cores,
    )


def _minute(stand: Stand, clients: Clients, period: Period, at: float) -> Minute:
    ordered = sorted(period.latencies)
    return Minute(
        at=at,
        idle_open=len(clients.idle),
        active_open=len(clients.active),
        resident_mib=stand.processes.resident_mib(),
        answers=len(ordered),
        failures=sum(period.failures.values()),
        p50_ms=quantile(ordered, 0.5) / 1e6,
        p99_ms=quantile(ordered, 0.99) / 1e6,
    )


def row(minute: Minute) -> str:
    """Return one line of the table."""
    cells = (
        *(f"{minute.at:.0f} s", minute.idle_open, minute.active_open),
        *(f"{minute.resident_mib:.0f} MiB", minute.answers, minute.failures),
        *(f"{minute.p50_ms:.1f} ms", f"{minute.p99_ms:.1f} ms"),
    )
    return f"| {' | '.join(map(str, cells))} |"


def summary(held: Held) -> str:
    """Return the result in one line."""
    return (
        f"{held.idle} idle and {held.active} active connections for {held.seconds:.0f} s: "
        f"{held.answers} answers, {held.failures} failures, p50 {held.p50_ms:.1f} ms, "
        f"p99 {held.p99_ms:.1f} ms, at most {held.max_ms:.0f} ms; {held.before_mib:.0f} to "
        f"{held.minutes[-1].resident_mib:.0f} MiB; {held.idle_answered} of {held.idle} idle ones "
        f"answered at the end"
    )


if __name__ == "__main__":
    # A termination ends the stack too, as an interruption does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
