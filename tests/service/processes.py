"""The service and its commands in processes of their own: ``python -m service``."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.architecture.sources import ROOT
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.ports import free_port

INTERVAL_SECONDS = 0.5


@dataclass
class Running:
    """One process of the service, which runs for as long as the block of its context manager.

    Args:
        mongodb_uri: URI of its database.
        directory: Folder of its output.
        settings: Further settings.
    """

    mongodb_uri: str
    directory: Path
    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def get(self, path: str) -> requests.Response:
        """Send a GET request."""
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SECONDS)

    def until(self, path: str, settled: Callable[[requests.Response], bool]) -> requests.Response:
        """Poll until a response meets a condition, and return that response."""

        found: list[requests.Response] = []

        def is_settled() -> bool:
            found[:] = [self.get(path)]
            return settled(found[0])

        wait_until(
            is_settled,
            timeout_seconds=PATIENCE_SECONDS,
            what=f"the expected response of {path}",
            retry_on=(requests.RequestException,),
        )
        return found[0]

    def stop(self) -> int:
        """Stop the process with SIGTERM and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def output(self) -> str:
        """Return its whole output."""
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
    """Run a command with one setting and return its exit code and its output."""
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
        uri: URI of the database.
        command: Name of the module, and its arguments.
        settings: Further settings.

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
"""Time-out for a database that does not exist."""
