"""Measures and prints: ``python -m bench.cost``; ``--help`` lists the options."""

import argparse
import datetime
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.cost import environments
from bench.cost.conditions import NOT_INSTALLABLE, Condition, chosen, with_routes
from bench.cost.measuring import Sending, SpanAccount, run_rounds, warm_up
from bench.cost.results import Results, Series
from bench.cost.servers import Receiver, Server, receiver, served
from bench.cost.table import tables
from bench.load.mix import MIXES
from stack.ports import free_offset

FIRST_PORT: Final = 20000
PORTS_EACH: Final = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Start all servers, measure in interleaved rounds, print tables."""
    options = parse(arguments)
    conditions = chosen(options.only, agents=options.agents)
    environments.install(sorted({one.venv for one in conditions if one.venv}))
    results = Results(
        "python -m bench.cost " + shlex.join(sys.argv[1:] if arguments is None else arguments),
        datetime.date.today().isoformat(),
        list(_series(conditions, options)),
    )
    print(tables(results))
    if options.agents:
        print(f"\n{NOT_INSTALLABLE}")
    if options.json:
        results.write(options.json)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.cost")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        help="text in the name of a condition, or its group: layer, part, usual, agent, bare",
    )
    parser.add_argument("--agents", action="store_true", help="commercial agents too")
    parser.add_argument("--paced", type=float, help="a table at so many requests a second too")
    parser.add_argument("--mix", choices=MIXES, default="simple")
    parser.add_argument("--workers", type=int, default=1, help="on the one core")
    parser.add_argument("--routes", type=int, default=0, help="request so many routes in turn")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    return parser.parse_args(arguments)


def _series(conditions: Sequence[Condition], options: argparse.Namespace) -> list[Series]:
    conditions = with_routes(conditions, options.routes) if options.routes else conditions
    if options.workers > 1:
        # Each worker needs a management port of its own, which only our hooks provide.
        conditions = [one for one in conditions if one.draining or not one.has_layer]
    groups = {one.name: one.group for one in conditions}
    full = Sending(options.seconds, options.connections, mix=options.mix, routes=options.routes)
    kinds = [("full worker", full)]
    if options.paced:
        paced = Sending(
            options.seconds, options.connections, options.paced, options.mix, options.routes
        )
        kinds.append((f"{options.paced:g} requests a second", paced))
    with ExitStack() as stack:
        sink = stack.enter_context(receiver())
        servers = _serve_all(stack, conditions, sink, options.workers)
        spans = SpanAccount(servers, sink)
        spans.add_answers(warm_up(servers, full))
        spans.settle()
        found = []
        for title, sending in kinds:
            rounds = run_rounds(servers, sending, options.rounds, _progress)
            spans.add_answers({name: sum(r.answers for r in ms) for name, ms in rounds.items()})
            found.append(Series(title + _suffix(options), groups, rounds, spans.settle()))
        return found


def _serve_all(
    stack: ExitStack, conditions: Sequence[Condition], sink: Receiver, workers: int
) -> list[Server]:
    last = FIRST_PORT + PORTS_EACH * len(conditions)
    base = FIRST_PORT + free_offset(range(FIRST_PORT, last))
    return [
        stack.enter_context(
            served(
                one,
                port=base + PORTS_EACH * number,
                number=number + 1,
                sink=sink.url,
                workers=workers,
            )
        )
        for number, one in enumerate(conditions)
    ]


def _suffix(options: argparse.Namespace) -> str:
    parts = [f", {options.workers} workers"] if options.workers > 1 else []
    parts += [f", {options.routes} routes"] if options.routes else []
    parts += [f", mix {options.mix}"] if options.mix != "simple" and not options.routes else []
    return "".join(parts)


def _progress(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
