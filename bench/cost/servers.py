"""The processes: gunicorn with a condition's app, and the receiver of spans."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from bench.cost.conditions import Condition
from bench.spans import SpanCounts
from stack import paths

SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """One gunicorn that answers.

    Args:
        condition: What it serves.
        port: Of the app.
        management_port: Of the first worker.
        number: Of the condition, by which the receiver of spans counts.
        workers: Its processes.
    """

    condition: Condition
    port: int
    management_port: int
    number: int
    workers: tuple[psutil.Process, ...]

    @property
    def sender(self) -> str:
        """By which name the receiver counts its spans."""
        return "datadog" if self.condition.venv == "ddtrace" else str(self.number)

    @property
    def cpu_seconds(self) -> float:
        """User and system time of all workers until now, to the nanosecond."""
        return sum(process_seconds(worker.pid) for worker in self.workers)

    @property
    def resident_bytes(self) -> int:
        """Resident memory of the first worker."""
        return int(self.workers[0].memory_info().rss)

    @property
    def span_counts(self) -> SpanCounts:
        """What the layer has counted, of all workers."""
        return sum(map(SpanCounts.read, self.scrape()), SpanCounts())

    def scrape(self) -> list[str]:
        """Return the metrics of each worker."""
        found = []
        for slot in range(len(self.workers)):
            url = f"http://127.0.0.1:{self.management_port + slot}/metrics"
            with urllib.request.urlopen(url, timeout=60) as response:
                found.append(response.read().decode())
        return found


def process_seconds(pid: int) -> float:
    """Return the processor time of a process with its threads.

    Source: Linux, ``clock_getcpuclockid(3)``: the id of another process' CPU clock is made from its
    pid. ``/proc/<pid>/stat`` has the same time in hundredths of a second.
    """
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Start processes within the context: they and all that they start may use only this core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def served(
    condition: Condition,
    *,
    port: int,
    number: int,
    sink: str,
    workers: int = 1,
    management_port: int = 0,
    under: Sequence[str] = (),
) -> Iterator[Server]:
    """Run gunicorn on core 0 until the context ends.

    Args:
        condition: What it serves.
        port: It and the ports after it, one for each worker, are free.
        number: See ``Server``.
        sink: URL of the receiver of spans.
        workers: Number of worker processes.
        management_port: Of the first worker; the one after ``port`` when 0.
        under: A command that runs it, such as valgrind's.

    Raises:
        RuntimeError: It does not answer.
    """
    management_port = management_port or port + 1
    environment = _environment(condition, f"{sink}/{number}", sink, workers) | {
        "SERENE_PORT": str(port),
        "TELEMETRY_MANAGEMENT_PORT": str(management_port),
    }
    with tempfile.TemporaryFile() as errors:
        with on_core(SERVER_CORE):
            process = subprocess.Popen(
                [*under, *_command(condition, port, workers)],
                cwd=paths.ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        try:
            found = _wait_for_workers(process, port, workers)
            if not found:
                text = os.pread(errors.fileno(), 100_000, 0).decode(errors="replace")
                raise RuntimeError(f"{condition.name} does not answer: {text[-3000:]}")
            yield Server(condition, port, management_port, number, found)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


def _command(condition: Condition, port: int, workers: int) -> list[str]:
    module, _, function = condition.app.partition(":")
    command = [python_of(condition), "-m", "gunicorn"]
    if condition.draining:
        command += ["-c", "service/gunicorn_conf.py"]
    else:
        command += ["-c", "/dev/null", "-k", "gevent", "-b", f"127.0.0.1:{port}"]
        command += ["--no-control-socket", "--workers", str(workers)]
    return [*command, f"bench.apps.{module}:{function}()"]


def python_of(condition: Condition) -> str:
    """Return the interpreter that serves a condition."""
    if not condition.venv:
        return sys.executable
    return str(environment_folder(condition.venv) / "bin" / "python")


def environment_folder(name: str) -> Path:
    """Return the folder of a virtual environment that the benchmark has made."""
    return paths.cache_directory() / "bench" / name


def _environment(condition: Condition, endpoint: str, sink: str, workers: int) -> dict[str, str]:
    return {
        **os.environ,
        "WEB_CONCURRENCY": str(workers),
        "DRAIN_DELAY_SECONDS": "0",
        "OTEL_SERVICE_NAME": "bench",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "BENCH_SINK": endpoint,
        "DD_TRACE_AGENT_URL": sink,
        "DD_SERVICE": "bench",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        **condition.environment,
    }


def _wait_for_workers(
    process: "subprocess.Popen[bytes]", port: int, workers: int
) -> tuple[psutil.Process, ...]:
    """Return the workers once there is an answer; none when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        children = psutil.Process(process.pid).children()
        if len(children) >= workers and _answers(port):
            return tuple(children)
        time.sleep(0.1)
    return ()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/page", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@dataclass(frozen=True, slots=True)
class Receiver:
    """The process that counts spans."""

    url: str

    def counts(self) -> dict[str, int]:
        """Return the spans received until now, by sender."""
        with urllib.request.urlopen(f"{self.url}/counts", timeout=30) as response:
            counts: dict[str, Any] = json.load(response)
        return counts


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run the receiver of spans on core 1 until the context ends."""
    command = [sys.executable, "-m", "bench.sink", "--core", str(LOAD_CORE)]
    with subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Receiver(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()
