"""The processes of one run: the worker on core 0; client, proxy and database on core 1."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import psutil

from bench.cost.servers import LOAD_CORE, SERVER_CORE, on_core
from bench.truth.check import Command
from bench.truth.client import Exchange
from bench.truth.compare import Comparison, compared
from stack import paths

APP: Final = "bench.apps.truth:create()"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 30.0


@contextmanager
def printing_port(*command: str) -> Iterator[int]:
    """Run a module that prints its port, on core 1, until the context ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--core", str(LOAD_CORE)],
        cwd=paths.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def worker(port: int, log: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Run gunicorn with one worker on core 0 until the context ends; yields the worker's pid.

    Args:
        port: Where it listens.
        log: File of its output.
        environment: Settings.
    """
    command = [sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py", APP]
    settings = {
        "SERENE_PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "TELEMETRY_MANAGEMENT_PORT": "0",
        "OTEL_TRACES_EXPORTER": "none",
        "DRAIN_DELAY_SECONDS": "0",
        **environment,
    }
    with log.open("wb") as output, on_core(SERVER_CORE):
        process = subprocess.Popen(
            command,
            cwd=paths.ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, process, log)
        (pid,) = [child.pid for child in psutil.Process(process.pid).children()]
        yield pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True, slots=True)
class Usage:
    """How long the first thread of a process had work; seconds.

    Args:
        ran: It had a core.
        ready: It waited for one.

    Source: Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat".
    """

    ran: float
    ready: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Return what it is now."""
        ran, ready, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
        return cls(int(ran) / 1e9, int(ready) / 1e9)

    def since(self, earlier: Self) -> "Usage":
        """Return the difference."""
        return Usage(self.ran - earlier.ran, self.ready - earlier.ready)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/page?n=0", timeout=10).close()
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()[-3000:]) from None
            time.sleep(0.1)
        else:
            return


def measure(port: int, mongodb: int, count: int) -> Comparison:
    """Run once.

    Args:
        port: A free one, for the worker.
        mongodb: Port of the database.
        count: Requests.
    """
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        files = {name: folder / name for name in ("commands", "exchanges", "log")}
        proxy = printing_port("bench.truth.proxy", str(mongodb), str(files["commands"]))
        environment = {
            "TRUTH_MONGODB_URI": f"mongodb://127.0.0.1:{running.enter_context(proxy)}",
            "TRUTH_SERVICE_URL": "http://127.0.0.1:"
            f"{running.enter_context(printing_port('bench.truth.service'))}/",
        }
        with worker(port, files["log"], environment) as pid:
            began, used = time.monotonic(), Usage.of(pid)
            command = [str(port), str(count), str(files["exchanges"]), "--core", str(LOAD_CORE)]
            subprocess.run(
                [sys.executable, "-m", "bench.truth.client", *command],
                cwd=paths.ROOT,
                check=True,
                timeout=600,
            )
            used, seconds = Usage.of(pid).since(used), time.monotonic() - began
        return compared(
            [Exchange(**json.loads(line)) for line in files["exchanges"].read_text().splitlines()],
            _log_lines(files["log"]),
            _commands(files["commands"]),
            busy=(used.ran + used.ready) / seconds,
            disturbed=used.ready / (used.ran + used.ready),
        )


def _log_lines(log: Path) -> dict[str, Mapping[str, Any]]:
    """Return the access lines of a log by request id."""
    found: dict[str, Mapping[str, Any]] = {}
    for text in log.read_text().splitlines():
        if text.startswith("{") and '"phases"' in text and '"response_bytes"' in text:
            line: dict[str, Any] = json.loads(text)
            found[line["request_id"]] = line
    return found


def _commands(file: Path) -> dict[int, list[Command]]:
    found: dict[int, list[Command]] = {}
    for line in file.read_text().splitlines():
        number, began, before, after = map(int, line.split())
        found.setdefault(number, []).append(Command(began, before, after))
    return found
