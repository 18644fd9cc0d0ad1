"""Speed of the whole API: ``python -m bench.api``; one worker on a core of its own.

Each kind of request comes twice: a few users at an easy pace (latency), then a crowd that never
pauses (throughput). Each line also has the phases of the requests' time, from the worker's own
metrics, and the load of its core and of the database: they show what the limit is.
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

from bench.api_data import create
from bench.api_usage import Usage, UsageMeter
from stack import paths
from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack

BACKENDS: Final = ("mongodb", "model", "stripe-mock", "service")
# The model answers within a second, and the bulkhead does not limit.
SETTINGS: Final = {
    "MODEL_FIRST_BYTE_SECONDS": "1",
    "MODEL_TOKENS_PER_SECOND": "0",
    "COMPANION_AT_ONCE": "300",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of user.

    Args:
        name: Its name in ``bench.api_users``.
        crowd: Number of users of the crowd.
        target: Answers per second that the crowd should get; 0 for no target.
        pause_seconds: Between two requests of a user at an easy pace.
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
    # Password hashes need much of the one core: at a faster pace they queue, as in the crowd.
    Kind("login", 8, pause_seconds=2.0),
    Kind("booking", 16),
    Kind("companion", 150, 100),
    Kind("upload", 16, 50),
)
Part = Literal["easy", "crowd"]
SETTLE_SECONDS: Final = 2.0
"""Until unfinished requests of the previous part have ended."""
EASY_USERS: Final = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """Results of one kind of request in one part.

    Args:
        name: Of the request.
        rate: Successful answers per second.
        p50, p95, p99: Milliseconds.
        failures: Requests without an expected answer.
        requests: All requests.
    """

    name: str
    rate: float
    p50: int
    p95: int
    p99: int
    failures: int
    requests: int


def send(
    stack: Stack, kind: Kind, data: Path, *, users: int, pause_seconds: float, seconds: int
) -> list[Figures]:
    """Run locust's users of one kind, and return their figures."""
    command = [sys.executable, "-m", "locust", "-f", str(paths.ROOT / "bench/api_users.py")]
    command += ["--headless", "--only-summary", "--reset-stats", "--loglevel", "ERROR"]
    command += ["--host", stack.url("service"), "--users", str(users), "--spawn-rate", str(users)]
    environment = os.environ | {
        "BENCH_KIND": kind.name,
        "BENCH_PAUSE_SECONDS": str(pause_seconds),
        "BENCH_DATA": str(data),
    }
    with tempfile.NamedTemporaryFile(suffix=".json") as results:
        command += ["--run-time", f"{seconds}s"]
        command += ["--json-file", results.name.removesuffix(".json")]
        subprocess.run(
            command,
            cwd=paths.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        entries = json.loads(Path(results.name).read_text(encoding="utf-8"))
    return [_figures(entry, seconds) for entry in entries]


def _figures(entry: dict[str, Any], seconds: int) -> Figures:
    times = sorted((int(float(ms)), number) for ms, number in entry["response_times"].items())
    requests, failures = entry["num_requests"], entry["num_failures"]
    last = entry["last_request_timestamp"]
    duration = max(1.0, last - entry["start_time"]) if last else seconds
    p50, p95, p99 = (_quantile(times, share) for share in (0.5, 0.95, 0.99))
    rate = (requests - failures) / duration
    return Figures(entry["name"], rate, p50, p95, p99, failures, requests)


def _quantile(times: Sequence[tuple[int, int]], share: float) -> int:
    left = share * sum(number for _, number in times)
    for ms, number in times:
        left -= number
        if left <= 0:
            return ms
    return times[-1][0] if times else 0


HEADER: Final = (
    "| requests | users | answers/s | target | p50 ms | p95 ms | p99 ms | failed | "
    "worker's core | database | where requests' time went |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(users: str, figures: Figures, usage: Usage, target: int) -> str:
    """Return one line of the table."""
    rate = f"{figures.rate:.0f}" if figures.rate >= 10 else f"{figures.rate:.1f}"
    cells = (
        *(figures.name, users, rate, target or "", figures.p50, figures.p95, figures.p99),
        *(figures.failures, f"{usage.worker:.0%}", f"{usage.database:.0%}"),
        usage.format_phases(),
    )
    return f"| {' | '.join(map(str, cells))} |"


def measure(
    stack: Stack, kind: Kind, data: Path, seconds: int, parts: Sequence[Part]
) -> list[tuple[Part, Figures]]:
    """Run the parts of one kind, and print the figures of each at its end.

    Returns:
        The figures with their part.
    """
    measured: list[tuple[Part, Figures]] = []
    for part in parts:
        users, pause = (EASY_USERS, kind.pause_seconds) if part == "easy" else (kind.crowd, 0.0)
        with UsageMeter(stack) as meter:
            found = send(stack, kind, data, users=users, pause_seconds=pause, seconds=seconds)
        pace = f"{users}, each every {pause:g} s" if pause else f"{users}, no pause"
        for figures in found:
            print(row(pace, figures, meter.usage(), 0 if pause else kind.target), flush=True)
        measured += [(part, figures) for figures in found]
        time.sleep(SETTLE_SECONDS)
    return measured


def pin_to_cores(stack: Stack) -> None:
    """Give the service the first core and all backends the others; share when there is only one."""
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
    """Start a stack, measure, print the table, stop the stack."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [kind.name for kind in KINDS]
    parser.add_argument("kinds", nargs="*", choices=[[], *names], help="all when left out")
    parser.add_argument("--seconds", type=int, default=15, help="of each part")
    parser.add_argument("--parts", nargs="+", choices=("easy", "crowd"), default=("easy", "crowd"))
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    measured: list[tuple[Part, Figures]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(free_offset(every_port(1)), Path(folder)) as stack,
    ):
        for name in BACKENDS:
            stack.start(name, SETTINGS)
            stack.wait_ready(name)
        stack.seed("service")
        pin_to_cores(stack)
        data = Path(folder) / "data.json"
        data.write_text(json.dumps(create(stack)), encoding="utf-8")
        print(HEADER, flush=True)
        for kind in KINDS:
            if not options.kinds or kind.name in options.kinds:
                measured += measure(stack, kind, data, options.seconds, options.parts)
    if options.json:
        found = [{"part": part, **asdict(figures)} for part, figures in measured]
        options.json.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
