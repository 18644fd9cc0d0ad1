"""Instructions of a request: a warm worker under valgrind, between two of its dumps."""

import re
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.apps import counted
from bench.cost.conditions import Condition
from bench.cost.servers import Server, served
from bench.load.generator import Generator
from bench.load.mix import MIXES

SETTINGS: Final = {
    "GUNICORN_CMD_ARGS": "--timeout 600",
    # So that each run makes the same dictionaries.
    "PYTHONHASHSEED": "0",
    # A request takes a hundred times as long: it is still not slow, and the batches of spans
    # are still large.
    "TELEMETRY_SLOW_AFTER_SECONDS": "60",
    "TELEMETRY_HUB_BLOCKED_SECONDS": "60",
    "TELEMETRY_EXPORT_INTERVAL_SECONDS": "3",
}
# What is loaded is not counted: it is slow enough without.
VALGRIND: Final = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--vgdb=no", "--quiet")
EXPORT_SECONDS: Final = 4.0
"""After which the spans of a window have been sent."""

_TOTALS: Final = re.compile(r"^totals: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of time."""

    instructions: int
    seconds: float
    requests: int


def instructions_of(idle: Sequence[Window], loads: Sequence[Window]) -> float:
    """Return the instructions of a request.

    Args:
        idle: A shorter and a longer window without requests: what the worker does by the clock is
            no request's.
        loads: With some requests, and with more: what happens once in each load cancels out.
    """
    short, long = idle
    by_the_clock = (long.instructions - short.instructions) / (long.seconds - short.seconds)
    first, second = (one.instructions - by_the_clock * one.seconds for one in loads)
    return (second - first) / (loads[1].requests - loads[0].requests)


class Counter:
    """Reads the counter of a worker under valgrind.

    Args:
        server: Serves ``bench.apps.counted``.
        folder: Where valgrind writes.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._dumps = 0
        self._ask("start")

    def window(self, requests: int, connections: int, wait_seconds: float) -> Window:
        """Send some requests, wait, and count."""
        self._ask("zero")
        began = time.monotonic()
        if requests:
            load = Generator(self._server.port, MIXES["simple"], connections=connections)
            report = load.counted(requests)
            load.close()
            if report.answers != requests or report.failures:
                raise RuntimeError(f"{report.answers} of {requests}: {report.failures}")
        time.sleep(wait_seconds)
        seconds = time.monotonic() - began
        return Window(self._read(), seconds, requests)

    def _read(self) -> int:
        self._ask("dump")
        self._dumps += 1
        pid = self._server.workers[0].pid
        text = (self._folder / f"{pid}.{self._dumps}").read_text(encoding="utf-8")
        found = _TOTALS.search(text)
        assert found, "every dump has a total"
        return int(found[1])

    def _ask(self, name: str) -> None:
        url = f"http://127.0.0.1:{self._server.port}/callgrind/{name}"
        with urllib.request.urlopen(url, timeout=120) as response:
            response.read()


@contextmanager
def counting(condition: Condition, *, port: int, sink: str) -> Iterator[Counter]:
    """Run a condition's server under valgrind."""
    environment = {**SETTINGS, **condition.environment, counted.APP: condition.app}
    shown = replace(condition, app="counted:create", environment=environment)
    with tempfile.TemporaryDirectory() as folder:
        under = [*VALGRIND, f"--callgrind-out-file={folder}/%p", f"--log-file={folder}/log.%p"]
        with served(shown, port=port, number=1, sink=sink, under=under) as server:
            yield Counter(server, Path(folder))


def count(
    conditions: Sequence[Condition], *, port: int, sink: str, requests: int, connections: int
) -> Iterator[tuple[Condition, float]]:
    """Count the instructions of a request of each condition; yields each when it is known."""
    for condition in conditions:
        with counting(condition, port=port, sink=sink) as counter:
            wait = EXPORT_SECONDS if condition.has_layer else 0.5
            counter.window(requests // 2, connections, wait)
            idle = [counter.window(0, 0, seconds) for seconds in (0.5, EXPORT_SECONDS)]
            loads = [
                counter.window(number, connections, wait) for number in (requests, 2 * requests)
            ]
        yield condition, instructions_of(idle, loads)
