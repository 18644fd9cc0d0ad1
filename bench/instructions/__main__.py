"""Counts, samples and prints: ``python -m bench.instructions``; ``--help`` lists the options."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from bench.apps.counted import WITHOUT
from bench.cost import environments
from bench.cost.conditions import BARE, CONDITIONS, Condition, layer
from bench.cost.measuring import Sending, measure
from bench.cost.servers import Receiver, receiver, served
from bench.instructions.counting import count
from bench.instructions.shares import PY_SPY, sample
from bench.instructions.table import Counted, tables
from stack.ports import free_offset

FIRST_PORT: Final = 21000
PORTS: Final = 10
BARE_ROUNDS: Final = 3
"""Of which the least counts: the rest is other processes' work."""

NOT_BUILT: Final = (
    layer("without metrics", {WITHOUT: "begin.metrics,sink.metrics"}, group="part"),
    layer("without slow requests", {WITHOUT: "sink.slow"}, group="part"),
)
EVERY: Final = (*(one for one in CONDITIONS if one.group != "usual"), *NOT_BUILT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Count every condition under valgrind, sample the whole ones, print the tables."""
    options = parse(arguments)
    conditions = chosen(options.only)
    if options.seconds:
        environments.install([PY_SPY])
    port = FIRST_PORT + free_offset(range(FIRST_PORT, FIRST_PORT + PORTS))
    with receiver() as sink:
        bare_us = bare_microseconds(port, sink)
        _progress(f"bare: {bare_us:.0f} µs of processor time a request")
        found = []
        counts = count(
            conditions,
            port=port,
            sink=sink.url,
            requests=options.requests,
            connections=options.connections,
        )
        for condition, instructions in counts:
            _progress(f"{condition.name}: {instructions / 1e3:.0f} k instructions")
            found.append(Counted(condition.name, condition.group, instructions))
        if options.seconds:
            found = [
                replace(one, shares=shares_of(condition, port, sink, options.seconds))
                if condition.group != "part"
                else one
                for one, condition in zip(found, conditions, strict=True)
            ]
    print(tables(found, bare_us))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.instructions")
    parser.add_argument("--requests", type=int, default=128, help="of the shorter load")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument(
        "--seconds", type=int, default=20, help="of sampling each; 0 for none: counts only"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        help="text in the name of a condition, or its group: bare, layer, part; bare always",
    )
    return parser.parse_args(arguments)


def chosen(only: Sequence[str]) -> list[Condition]:
    """Return the conditions to measure, bare always.

    Raises:
        ValueError: A text matches nothing.
    """
    for text in only:
        if not any(text == one.group or text in one.name for one in EVERY):
            raise ValueError(f"no condition matches {text!r}: {', '.join(c.name for c in EVERY)}")
    return [
        one
        for one in EVERY
        if not only or one.name == BARE or any(t == one.group or t in one.name for t in only)
    ]


def bare_microseconds(port: int, sink: Receiver) -> float:
    """Measure the processor time of bare's request."""
    with served(EVERY[0], port=port, number=1, sink=sink.url) as server:
        sending = Sending(1.0)
        return min(measure(server, sending).cpu_us for _ in range(BARE_ROUNDS))


def shares_of(condition: Condition, port: int, sink: Receiver, seconds: int) -> dict[str, float]:
    """Run a condition at full speed, and sample it."""
    with ExitStack() as stack:
        server = stack.enter_context(served(condition, port=port, number=1, sink=sink.url))
        Sending(1.0).to(server.port)
        found = sample(server, Sending(float(seconds)))
    _progress(f"{condition.name}: sampled")
    return found


def _progress(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
