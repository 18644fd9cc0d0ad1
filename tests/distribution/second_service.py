"""The README's second service: its files, its process, and what it exposes."""

import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.distribution.environments import ROOT, Environment
from tests.support.polling import TIMEOUT_SECONDS, wait_until
from tests.support.ports import free_port
from tests.telemetry.tracing.collector import Collector, spans_of

SECTION = (ROOT / "README.md").read_text().split("\n## In another service\n")[1].split("\n## ")[0]
REQUEST_SECONDS = 60.0


def blocks(language: str) -> list[str]:
    """The fenced blocks of the section in a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


class SecondService:
    """One process of gunicorn that serves the README's app.

    Args:
        environment: Holds the layer.
        folder: Where its files are; not in the checkout.
        mongodb_uri: Of its database.
        receiver: Gets its spans.
    """

    def __init__(
        self, environment: Environment, folder: Path, mongodb_uri: str, receiver: Collector
    ) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.management = f"http://127.0.0.1:{free_port()}"
        self.receiver = receiver
        app, configuration = blocks("python")
        (folder / "shop.py").write_text(app.replace("mongodb://127.0.0.1:27017", mongodb_uri))
        (folder / "gunicorn.conf.py").write_text(configuration)
        variable, *command = blocks("sh")[-1].split()
        name, _, value = variable.partition("=")
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [environment.folder / "bin" / command[0], *command[1:]],
                cwd=folder,
                env={
                    "PATH": os.defpath,
                    name: value,
                    "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
                    "TELEMETRY_MANAGEMENT_PORT": self.management.rpartition(":")[2],
                    "HEALTH_INTERVAL_SECONDS": "0.5",
                    "GUNICORN_CMD_ARGS": f"--bind {self.url.removeprefix('http://')}",
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """Everything that it has written."""
        return self._log.read_text()

    def get(self, path: str) -> requests.Response:
        """One request to the app."""
        return requests.get(self.url + path, timeout=REQUEST_SECONDS)

    def wait_until_ready(self) -> None:
        """Wait until its health is good; fails with its log when it ends before."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log
            return self.health("readiness") == 200

        wait_until(ready, what="readiness", retry_on=(requests.ConnectionError,))

    def health(self, name: str) -> int:
        """Status of a health route on the management port."""
        answer = requests.get(f"{self.management}/health/{name}", timeout=REQUEST_SECONDS)
        return answer.status_code

    def metrics(self) -> str:
        """The metrics, as Prometheus reads them."""
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        return requests.get(
            f"{self.management}/metrics", headers=accept, timeout=REQUEST_SECONDS
        ).text

    def spans_of(self, trace_id: str, count: int) -> dict[str, dict[str, str]]:
        """Resource attributes of a trace's spans, by the span's name, once so many have arrived."""

        def arrived() -> dict[str, dict[str, str]] | None:
            found = {
                span.name: {one.key: one.value.string_value for one in resource.attributes}
                for resource, _, span in spans_of(self.receiver.accepted)
                if span.trace_id.hex() == trace_id
            }
            return found if len(found) >= count else None

        return wait_until(arrived, what="spans") or {}

    def terminate(self) -> int:
        """Send SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS)


@contextmanager
def running(environment: Environment, folder: Path, mongodb_uri: str) -> Iterator[SecondService]:
    """The service, ready, with a receiver for its spans."""
    with Collector() as receiver:
        service = SecondService(environment, folder, mongodb_uri, receiver)
        try:
            service.wait_until_ready()
            yield service
        finally:
            if service.process.poll() is None:
                service.process.kill()
                service.process.wait(TIMEOUT_SECONDS)


def trace_of(answer: requests.Response) -> str:
    """The id of the trace that an answer names."""
    return uuid.UUID(answer.headers["X-Request-ID"]).hex
