"""Throughput and latency at several offered loads, with so many workers.

The load, the workers, the database and what else is called share the cores of one machine, as they
would on no server: what each took is recorded, and the simulation has the same cores.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from bench.capacity.figures import Curve, Point
from bench.capacity.load import Kind, Plan
from bench.capacity.sender import send as send_step
from bench.capacity.stand import WEBHOOK_SECRET, Stand, running
from bench.capacity.steps import Step, steps
from stack import paths

WORKERS: Final = (1, 2, 4)
RATES: Final = (30.0, 60.0, 90.0, 120.0, 160.0, 220.0, 320.0)
"""Offered, in requests a second."""
SECONDS: Final = 10.0
SETTLE_SECONDS: Final = 1.0
MEMBERS: Final = 20
MOST_RAW: Final = 60
"""Different requests of a kind."""


def kinds_of(repeatable: Sequence[Step], shares: Mapping[str, float]) -> tuple[Kind, ...]:
    """Return the kinds of an open load: those of the demo traffic that can be sent again."""
    return tuple(
        Kind(
            step.name,
            shares[step.name],
            step.status,
            tuple(request.raw().decode("latin-1") for request in step.requests[:MOST_RAW]),
        )
        for step in repeatable
        if shares.get(step.name)
    )


def prepare(stand: Stand, members: int) -> list[Step]:
    """Send every kind of request but those that remove something.

    Returns:
        The kinds whose requests may be sent again.
    """
    repeatable = list[Step]()
    kinds = steps(members, WEBHOOK_SECRET)
    bodies: list[Any] | None = None
    with suppress(StopIteration):
        while True:
            step = next(kinds) if bodies is None else kinds.send(bodies)
            bodies = [] if step.removes else send_step(stand.port, step).bodies
            repeatable += [step] if step.repeatable else []
    return repeatable


def send(plan: Plan) -> dict[str, Any]:
    """Run a load in a process of its own; returns its report."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asdict(plan), file)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-m", "bench.capacity.load", file.name],
            cwd=paths.ROOT,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            timeout=plan.seconds + 120,
        )
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def point(stand: Stand, plan: Plan) -> Point:
    """Send one load, and return what it showed."""
    counts, clocks = stand.counts(), stand.processes.clocks()
    report = send(plan)
    seconds = report["elapsed"]
    used = stand.processes.clocks().since(clocks)
    served = stand.counts().since(counts).requests
    return Point(
        offered=plan.rate,
        answered=report["answered"] / report["seconds"],
        p50_ms=report["p50_ms"],
        p99_ms=report["p99_ms"],
        failures=sum(report["failures"].values()),
        worker_cores=(used.hubs + used.threads) / seconds,
        database_cores=used.database / seconds,
        load_cores=report["cpu_seconds"] / seconds,
        other_cores=used.others / seconds,
        balance=tuple(each / max(1.0, sum(served)) for each in served),
        late_p99_ms=report["late_p99_ms"],
    )


def measure(
    stand: Stand, kinds: tuple[Kind, ...], rates: Sequence[float], seconds: float
) -> Iterator[Point]:
    """Send one load after another; yields what each showed."""
    # Every kind once, on every connection that the pools will have.
    send(Plan(stand.port, rates[0], 2.0, kinds, seed=99))
    for number, rate in enumerate(rates):
        time.sleep(SETTLE_SECONDS)
        yield point(stand, Plan(stand.port, rate, seconds, kinds, seed=number))


def curve(
    workers: int,
    shares: Mapping[str, float],
    rates: Sequence[float],
    seconds: float,
    progress: Callable[[str], object],
) -> Curve:
    """Measure one curve on a stack of its own.

    Args:
        workers: Of the service.
        shares: Of the requests in the demo traffic.
        rates: Offered loads, in requests a second.
        seconds: Of each.
        progress: Is passed a line for each load.
    """
    points = []
    with running(workers) as stand:
        kinds = kinds_of(prepare(stand, MEMBERS), shares)
        for found in measure(stand, kinds, rates, seconds):
            points.append(found)
            progress(
                f"{workers} workers, {found.offered:.0f} offered: {found.answered:.0f} answered, "
                f"p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms, {found.failures} failures, "
                f"cores {found.worker_cores:.2f} + {found.database_cores:.2f}"
            )
    return Curve(workers, seconds, tuple(points))
