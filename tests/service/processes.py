"""The service as people run it, in a process of its own: ``python -m service``."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.architecture.sources import ROOT
from tests.machine import PATIENCE_SECONDS
from tests.mongodb import free_port

INTERVAL_SECONDS = 0.5


@dataclass
class Running:
    """One process. As a context manager it runs for as long as the block.

    Args:
        mongodb_uri: Its database.
        directory: Where its output goes.
        settings: On top of those that make it quick.
    """

    mongodb_uri: str
    directory: Path
    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def get(self, path: str) -> requests.Response:
        """Ask it."""
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SECONDS)

    def until(self, path: str, settled: Callable[[requests.Response], bool]) -> requests.Response:
        """Ask until the answer is as it should be; returns that answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.get(path)
            except requests.RequestException:
                answer = None
            if answer is not None and settled(answer):
                return answer
            last = answer.text if answer is not None else self.output()
            assert time.monotonic() < deadline, f"{path} did not come to that; last: {last}"
            time.sleep(0.02)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def output(self) -> str:
        """All that it wrote."""
        return (self.directory / "output").read_text()

    def __enter__(self) -> Self:
        environ = os.environ | {
            "SERENE_PORT": str(self.port),
            "MONGODB_URI": self.mongodb_uri,
            "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "2",
            "HEALTH_INTERVAL_SECONDS": str(INTERVAL_SECONDS),
            "TELEMETRY_MANAGEMENT_PORT": "0",
            "TELEMETRY_STRICT": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
            "DRAIN_DELAY_SECONDS": "0",
            "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/8",
            **self.settings,
        }
        with (self.directory / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service"],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=output,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def refused(setting: str, value: str, *command: Any) -> tuple[int, str]:
    """Run a command with one setting; returns its exit code and all that it wrote."""
    environ = os.environ | {
        setting: value,
        "SERENE_PORT": str(free_port()),
        "TELEMETRY_MANAGEMENT_PORT": "0",
        "WEB_CONCURRENCY": "1",
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def ran(uri: str, *command: str, **settings: str) -> tuple[int, str, str]:
    """Run one of the service's commands on a database.

    Args:
        uri: The database.
        command: Name of the module, and its arguments.
        settings: On top of the URI.

    Returns:
        Exit code, standard output and standard error.
    """
    environ = (
        os.environ
        | {"MONGODB_URI": uri, "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "30"}
        | settings
    )
    whole = [sys.executable, "-m", *command]
    done = subprocess.run(
        whole,
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


NO_DATABASE = {"MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "0.2"}
"""For a database that is not there."""
