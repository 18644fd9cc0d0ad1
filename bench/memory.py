"""What the layer adds to a worker's memory: ``python -m bench.memory``.

First workers as they are served, after 1,000 requests; then one process that imports and builds
one thing after another. Resident memory in MiB; the steps also by how much of it only this process
has (pages of shared libraries are in memory once, however many workers there are).
"""

import argparse
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from bench.cost.conditions import BARE_OURS, Condition, chosen
from bench.cost.servers import Receiver, receiver, served
from bench.rounds import run_in_threads, spread
from stack import paths
from stack.ports import free_offset

FIRST_PORT: Final = 21000
CONNECTIONS: Final = 10
MIB: Final = 1024**2
CHOSEN: Final = (BARE_OURS, "layer, every trace", "layer, no trace", "stock worker, every trace")

STEPS: Final = (
    ("Python", ""),
    ("gevent, patched", "from gevent import monkey; monkey.patch_all()"),
    ("Flask, gunicorn's gevent worker", "import flask, gunicorn.workers.ggevent"),
    ("telemetry.config", "import telemetry.config"),
    (
        "telemetry.gunicorn",
        "import telemetry.gunicorn as door; [getattr(door, name) for name in door.__all__]",
    ),
    ("opentelemetry's API", "import opentelemetry.trace, opentelemetry.baggage"),
    ("prometheus_client", "import prometheus_client"),
    ("psutil", "import psutil"),
    ("telemetry.runtime", "import telemetry.runtime"),
    ("Telemetry.from_env", "found = telemetry.runtime.Telemetry.from_env({})"),
    ("init_app", "app = flask.Flask('bench'); found.init_app(app)"),
    ("pymongo and its part, where used", "found.mongo_listeners()"),
)
"""What a process does in turn, each beside what it needs; later steps get what is left."""

READ: Final = """
import json, sys
steps, figures = json.load(sys.stdin), []
for step in steps:
    exec(step)
    with open("/proc/self/smaps_rollup") as file:
        lines = [line.split() for line in file][1:]
    kilobytes = {words[0]: int(words[1]) for words in lines}
    figures.append((kilobytes["Rss:"], kilobytes["Anonymous:"]))
json.dump(figures, sys.stdout)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.memory")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--only", action="append", default=[], help="as of bench.cost")
    options = parser.parse_args(arguments)
    conditions = chosen(options.only or CHOSEN, agents=False)
    print(f"| after {options.requests} requests, median of {options.runs} | MiB | above bare |")
    print("|---|---|---|")
    bare = 0.0
    for name, found in _workers(conditions, options.runs, options.requests):
        middle = sorted(found)[len(found) // 2]
        bare = bare or middle
        print(f"| {name} | {spread(found)} | {middle - bare:+.1f} |", flush=True)
    print("\n| step | resident | more | of it only this process' |\n|---|---|---|---|")
    before = (0, 0)
    for (name, _), now in zip(STEPS, step_kilobytes(), strict=True):
        total, more, own = now[0], now[0] - before[0], now[1] - before[1]
        print(f"| {name} | {total / 1024:.1f} | {more / 1024:+.1f} | {own / 1024:+.1f} |")
        before = now


def step_kilobytes() -> list[tuple[int, int]]:
    """Return resident and anonymous memory of a new process after each of ``STEPS``, in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=paths.ROOT,
        input=json.dumps([step for _, step in STEPS]),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    )
    return [(resident, anonymous) for resident, anonymous in json.loads(done.stdout)]


def _workers(
    conditions: Sequence[Condition], runs: int, requests: int
) -> Iterator[tuple[str, list[float]]]:
    with receiver() as sink:
        for number, condition in enumerate(conditions):
            yield (
                condition.name,
                [resident_mib(condition, number, sink, requests) for _ in range(runs)],
            )


def resident_mib(condition: Condition, number: int, sink: Receiver, requests: int) -> float:
    """Return the memory of a new worker once it has answered so many requests."""
    port = FIRST_PORT + free_offset([FIRST_PORT, FIRST_PORT + 1])
    with served(condition, port=port, number=number + 1, sink=sink.url) as server:
        run_in_threads(lambda _: _send(port, requests // CONNECTIONS), CONNECTIONS)
        return server.resident_bytes / MIB


def _send(port: int, requests: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for _ in range(requests):
            connection.request("GET", "/hello")
            connection.getresponse().read()


if __name__ == "__main__":
    main()
