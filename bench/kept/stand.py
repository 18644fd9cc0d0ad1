"""The real processes: a worker on core 0, its backends and the load on core 1."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cost.conditions import layer
from bench.cost.measuring import Sending
from bench.cost.servers import LOAD_CORE, Server, on_core, served
from bench.load.report import LoadReport
from stack import paths
from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack

BACKENDS: Final = ("tempo", "prometheus", "collector")
MIX: Final = "mishaps"
SLOW_SECONDS: Final = 0.1
RATIO: Final = 0.1
CALIBRATION_SECONDS: Final = 5.0
HEADROOM: Final = 0.7
"""Share of what the worker can answer; above it, a queue of requests grows at each disturbance."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Everything that runs.

    Args:
        stack: The backends.
        server: The worker.
    """

    stack: Stack
    server: Server

    def most_per_second(self) -> float:
        """Return how many requests a second the worker can answer."""
        return Sending(CALIBRATION_SECONDS, mix=MIX).to(self.server.port).per_second

    def load(self, per_second: float, seconds: float, every: float) -> Iterator[LoadReport]:
        """Send requests at a fixed pace; yields a report of each period of ``every`` seconds."""
        command = [sys.executable, "-m", "bench.load", str(self.server.port)]
        command += ["--core", str(LOAD_CORE), "--mix", MIX, "--connections", "64", "--traces"]
        command += ["--paced", str(per_second), "--seconds", str(seconds), "--every", str(every)]
        with subprocess.Popen(
            command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    yield LoadReport.from_json(line)
            finally:
                process.kill()


@contextmanager
def running(*, budget: float, queue: int) -> Iterator[Stand]:
    """Start everything; stop it when the context ends.

    Args:
        budget: Spans a second that are kept beyond the ratio.
        queue: Spans that may wait for export.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(free_offset(every_port(1)), Path(folder)) as stack,
    ):
        with on_core(LOAD_CORE):
            for name in BACKENDS:
                stack.start(name)
            for name in BACKENDS:
                stack.wait_ready(name)
        settings = {
            "OTEL_TRACES_SAMPLER_ARG": str(RATIO),
            "OTEL_EXPORTER_OTLP_ENDPOINT": stack.url("collector"),
            "TELEMETRY_KEPT_SPANS_PER_SECOND": str(budget),
            "TELEMETRY_QUEUE_SPANS": str(queue),
            "BENCH_SLOW_SECONDS": str(SLOW_SECONDS),
        }
        with served(
            layer("kept", settings),
            port=stack.port("service", "http"),
            management_port=stack.port("service", "management"),
            number=1,
            sink="",
        ) as server:
            yield Stand(stack, server)
