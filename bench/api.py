"""How fast is the whole API? One worker on a core of its own, everything else on the others:
``python -m bench.api``.

Each kind of customer comes twice: a few at an easy pace (how long does an answer take?), then many
that never pause (how many answers a second?). Beside each figure stands what the worker's time went
into, read from its own metrics, and how busy its core and the database
were: where a target is missed, that says what the limit is.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from bench.api_stock import lay_in
from bench.api_watch import Usage, Watch
from stack import paths
from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack

BACKENDS: Final = ("mongodb", "model", "stripe-mock", "service")
# The model answers in a second, and the bulkhead is no limit.
SETTINGS: Final = {
    "MODEL_FIRST_BYTE_SECONDS": "1",
    "MODEL_TOKENS_PER_SECOND": "0",
    "COMPANION_AT_ONCE": "300",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of customer.

    Args:
        name: As ``bench.customers`` knows it.
        crowd: How many never pause in the second part.
        target: What the second part should reach, in requests a second; 0 when there is none.
        pause_seconds: Of each of the few customers of the first part.
    """

    name: str
    crowd: int
    target: int = 0
    pause_seconds: float = 0.4


KINDS: Final = (
    Kind("simple", 32, 1000),
    Kind("health", 32),
    Kind("database", 32, 500),
    Kind("blog", 16),
    # A password takes its time of the one core: at a faster pace they queue, which is the second
    # part's question.
    Kind("login", 8, pause_seconds=2.0),
    Kind("booking", 16),
    Kind("companion", 150, 100),
    Kind("upload", 16, 50),
)
Part = Literal["easy", "crowd"]
SETTLE_SECONDS: Final = 2.0
"""Until what the customers of one part left unfinished has ended."""
EASY_CUSTOMERS: Final = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What customers saw of one kind of request in one part.

    Args:
        name: Of the request.
        rate: Answers a second.
        p50, p95, p99: Milliseconds.
        failures: Requests that were not answered as they should.
        requests: All of them.
    """

    name: str
    rate: float
    p50: int
    p95: int
    p99: int
    failures: int
    requests: int


def send(
    stack: Stack, kind: Kind, stock: Path, *, customers: int, pause_seconds: float, seconds: int
) -> list[Figures]:
    """Let customers come, and say what they saw."""
    with tempfile.NamedTemporaryFile(suffix=".json") as told:
        command = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            str(paths.ROOT / "bench/customers.py"),
            "--headless",
            "--only-summary",
        ]
        command += [
            "--host",
            stack.url("service"),
            "--users",
            str(customers),
            "--spawn-rate",
            str(customers),
            "--reset-stats",
        ]
        command += [
            "--run-time",
            f"{seconds}s",
            "--loglevel",
            "ERROR",
            "--json-file",
            told.name.removesuffix(".json"),
        ]
        environment = os.environ | {
            "BENCH_KIND": kind.name,
            "BENCH_PAUSE_SECONDS": str(pause_seconds),
            "BENCH_STOCK": str(stock),
        }
        subprocess.run(
            command,
            cwd=paths.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return [
            _figures(entry, seconds)
            for entry in json.loads(Path(told.name).read_text(encoding="utf-8"))
        ]


def _figures(entry: dict[str, Any], seconds: int) -> Figures:
    times = sorted((int(float(ms)), number) for ms, number in entry["response_times"].items())
    requests, failures = entry["num_requests"], entry["num_failures"]
    span = (
        max(1.0, entry["last_request_timestamp"] - entry["start_time"])
        if entry["last_request_timestamp"]
        else seconds
    )
    p50, p95, p99 = (_quantile(times, share) for share in (0.5, 0.95, 0.99))
    return Figures(entry["name"], (requests - failures) / span, p50, p95, p99, failures, requests)


def _quantile(times: Sequence[tuple[int, int]], share: float) -> int:
    left = share * sum(number for _, number in times)
    for ms, number in times:
        left -= number
        if left <= 0:
            return ms
    return times[-1][0] if times else 0


HEAD: Final = (
    "| requests | customers | answers/s | target | p50 ms | p95 ms | p99 ms | failed | "
    "worker's core | database | where requests' time went |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(customers: str, figures: Figures, usage: Usage, target: int) -> str:
    """One line of the table."""
    rate = f"{figures.rate:.0f}" if figures.rate >= 10 else f"{figures.rate:.1f}"
    return (
        f"| {figures.name} | {customers} | {rate} | {target or ''} | {figures.p50} | {figures.p95} | {figures.p99} | {figures.failures} | "
        f"{usage.worker:.0%} | {usage.database:.0%} | {usage.phases_told()} |"
    )


def measure(
    stack: Stack, kind: Kind, stock: Path, seconds: int, parts: Sequence[Part]
) -> list[tuple[Part, Figures]]:
    """The parts of one kind, printed as they end.

    Returns:
        What customers saw, with the part they were in.
    """
    seen: list[tuple[Part, Figures]] = []
    for part in parts:
        customers, pause = (
            (EASY_CUSTOMERS, kind.pause_seconds) if part == "easy" else (kind.crowd, 0.0)
        )
        with Watch(stack) as watch:
            found = send(
                stack, kind, stock, customers=customers, pause_seconds=pause, seconds=seconds
            )
        told = f"{customers}, each every {pause:g} s" if pause else f"{customers}, no pause"
        for figures in found:
            print(row(told, figures, watch.usage(), 0 if pause else kind.target), flush=True)
        seen += [(part, figures) for figures in found]
        time.sleep(SETTLE_SECONDS)
    return seen


def give_the_worker_a_core(stack: Stack) -> None:
    """The service on the first core, all that it needs on the others.

    With one core all share it.
    """
    cores = sorted(os.sched_getaffinity(0))
    own, others = cores[:1], cores[1:] or cores
    os.sched_setaffinity(0, others)
    for name in BACKENDS:
        pid = stack.pid(name)
        assert pid is not None, "it was started"
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            for thread in process.threads():
                os.sched_setaffinity(thread.id, own if name == "service" else others)


def main() -> None:
    """Start a stack of its own, measure, print the table, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "kinds", nargs="*", choices=[[], *(kind.name for kind in KINDS)], help="all when not given"
    )
    parser.add_argument("--seconds", type=int, default=15, help="of each part")
    parser.add_argument("--parts", nargs="+", choices=("easy", "crowd"), default=("easy", "crowd"))
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(free_offset(every_port(1)), Path(folder)) as stack,
    ):
        for name in BACKENDS:
            stack.start(name, SETTINGS)
            stack.wait_ready(name)
        stack.seed("service")
        give_the_worker_a_core(stack)
        stock = Path(folder) / "stock.json"
        stock.write_text(json.dumps(lay_in(stack)), encoding="utf-8")
        print(HEAD, flush=True)
        chosen = [kind for kind in KINDS if not options.kinds or kind.name in options.kinds]
        seen = [
            one
            for kind in chosen
            for one in measure(stack, kind, stock, options.seconds, options.parts)
        ]
    if options.json:
        options.json.write_text(
            json.dumps([{"part": part, **asdict(figures)} for part, figures in seen]),
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
