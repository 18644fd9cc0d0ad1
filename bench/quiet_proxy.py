"""What toxiproxy costs a stack on which no fault is pressed: ``python -m bench.quiet_proxy``.

One client finds one document, by turns directly and through the proxy; printed are the least of the
medians of all rounds, and the processor time that toxiproxy takes for one command.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psutil
import pymongo

from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack

ROUNDS: Final = 20
COMMANDS: Final = 300


def round_seconds(collection: Any) -> float:
    """Return the median time of one command of a round."""
    taken = []
    for _ in range(COMMANDS):
        began = time.perf_counter()
        collection.find_one({"_id": 1})
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def connect(port: int) -> Any:
    """Return a collection with one document, by a client of its own."""
    collection: Any = pymongo.MongoClient(f"mongodb://127.0.0.1:{port}").bench.proxied
    collection.replace_one({"_id": 1}, {"_id": 1, "text": "x" * 2000}, upsert=True)
    return collection


def main() -> None:
    """Print the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(free_offset(every_port(1)), Path(folder)) as stack,
    ):
        for name in ("mongodb", "toxiproxy"):
            stack.start(name)
            stack.wait_ready(name)
        direct, proxied = (
            connect(stack.port(*one)) for one in (("mongodb",), ("toxiproxy", "mongodb"))
        )
        process = psutil.Process(stack.pid("toxiproxy") or 0)
        pairs, used = [], 0.0
        for _ in range(ROUNDS):
            first = round_seconds(direct)
            before = sum(process.cpu_times()[:2])
            pairs.append((first, round_seconds(proxied)))
            used += sum(process.cpu_times()[:2]) - before
    least = [min(column) * 1e6 for column in zip(*pairs, strict=True)]
    print(f"direct {least[0]:.0f} µs, through toxiproxy {least[1]:.0f} µs a command")
    print(f"toxiproxy's processor time: {used / ROUNDS / COMMANDS * 1e6:.0f} µs a command")


if __name__ == "__main__":
    main()
