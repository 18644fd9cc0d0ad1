"""Measures, and writes the figures: ``python -m bench.capacity [costs] [curves]``; all by default.

The simulation is made anew each time; ``simulation`` alone measures nothing.

Takes about seven minutes on two cores. ``python -m bench.connections --json`` adds the held
connections; ``python docs/capacity.py`` then writes the page.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.capacity import accuracy, collector, curve, mix, routes, worker
from bench.capacity.figures import FILE, Figures
from bench.capacity.processes import machine
from bench.capacity.stand import BACKENDS, running

PARTS: Final = ("costs", "curves", "simulation")
MEMBERS: Final = 80


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, simulate it, and write the figures."""
    options = parse(arguments)
    shares = mix.shares()
    before = Figures.read(options.json) if options.json.exists() else None
    figures = before
    if "costs" in options.parts or figures is None:
        figures = costs(shares, options.members)
        if before:
            figures = replace(figures, curves=before.curves, held=before.held)
    if "curves" in options.parts:
        figures.write(options.json)
        curves = {one.workers: one for one in figures.curves}
        for workers in options.workers:
            curves[workers] = curve.curve(workers, shares, options.rates, options.seconds, progress)
        figures = replace(figures, curves=tuple(curves[one] for one in sorted(curves)))
    progress("simulating")
    accuracy.with_simulation(figures).write(options.json)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.capacity")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all when left out")
    parser.add_argument("--json", type=Path, default=FILE, help="the file of the figures")
    parser.add_argument("--members", type=int, default=MEMBERS, help="requests of each kind")
    parser.add_argument("--workers", type=int, nargs="+", default=list(curve.WORKERS))
    parser.add_argument("--rates", type=float, nargs="+", default=list(curve.RATES))
    parser.add_argument("--seconds", type=float, default=curve.SECONDS, help="of each load")
    options = parser.parse_args(arguments)
    options.parts = options.parts or list(PARTS)
    return options


def costs(shares: dict[str, float], members: int) -> Figures:
    """Measure what each request, a connection, a scrape and the Collector take."""
    with running(1, worker.SETTINGS, counts_spans=True) as stand:
        idle = routes.idle_clocks(stand)
        found, sent = routes.measure(stand, shares, members, idle, progress)
        series = worker.series(stand.scrape())
        progress(f"{series.total} series; memory of connections")
        memory = worker.memory(stand, next(one for one in sent if one.name == "message"))
    with running(1, backends=(*BACKENDS, "collector"), counts_spans=True) as stand:
        kinds = curve.kinds_of(curve.prepare(stand, curve.MEMBERS), shares)
        progress("the Collector")
        pipeline = collector.measure(stand, kinds, worker.series(stand.scrape()).total)
    return Figures(
        machine=machine(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        idle_worker_cores=idle.hubs + idle.threads,
        idle_database_cores=idle.database,
        routes=tuple(found),
        curves=(),
        memory=memory,
        series=series,
        pipeline=pipeline,
    )


def progress(text: str) -> None:
    """Print a line for people."""
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    # A termination ends the stack too, as an interruption does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
