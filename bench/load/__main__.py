"""Runs one load: ``python -m bench.load PORT``; prints reports as lines of JSON."""

import argparse
import os
from collections.abc import Iterator

from bench.load.generator import Generator
from bench.load.mix import MIXES, routes
from bench.load.report import LoadReport


def reports(generator: Generator, options: argparse.Namespace) -> Iterator[LoadReport]:
    """Run a load; yields its reports."""
    if options.paced:
        yield from generator.paced(options.paced, options.seconds, options.every)
    else:
        yield generator.closed(options.seconds)


def main() -> None:
    """Run one load."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.load")
    parser.add_argument("port", type=int, help="of a server on 127.0.0.1")
    parser.add_argument("--core", type=int, help="the only core that this process may use")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--paced", type=float, help="requests a second; without it, all it takes")
    parser.add_argument("--every", type=float, default=0.0, help="seconds of a report, when paced")
    parser.add_argument("--mix", choices=MIXES, default="simple")
    parser.add_argument("--routes", type=int, help="request so many routes in turn instead")
    parser.add_argument("--traces", action="store_true", help="record ids of slow and failing ones")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    mix = routes(options.routes) if options.routes else MIXES[options.mix]
    generator = Generator(options.port, mix, connections=options.connections, traces=options.traces)
    for report in reports(generator, options):
        print(report.to_json(), flush=True)
    generator.close()


if __name__ == "__main__":
    main()
