"""Measures once: ``python -m bench.truth``; exit code 1 when something is not true."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.cost.servers import LOAD_CORE, on_core
from bench.truth.run import measure
from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.truth")
    parser.add_argument("--requests", type=int, default=5000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(free_offset(every_port(1)), Path(folder)) as stack,
    ):
        with on_core(LOAD_CORE):
            stack.start("mongodb")
            stack.wait_ready("mongodb")
        found = measure(stack.port("service"), stack.port("mongodb"), options.requests)
    print(found)
    print(found.examples())
    sys.exit(not found.holds())


if __name__ == "__main__":
    main()
