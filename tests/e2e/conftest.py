"""Real stacks for the end-to-end tests: one that all share and leave whole, and small ones of a
test's own to break.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from stack import paths
from stack.backends import DEFAULT_NAMES, every_port
from stack.ports import free_offset
from stack.runner import Stack
from tests.e2e.observing import Scrape, wait_for
from tests.machine import PATIENCE_SECONDS

WORKERS = 2
# Quick looks, so that tests need not wait long for evidence.
QUICK = {"HEALTH_INTERVAL_SECONDS": "1", "DRAIN_DELAY_SECONDS": "1"}


def new_stack(directory: Path, workers: int = 1) -> Stack:
    """A stack on free ports in a folder of its own; nothing started."""
    return Stack(offset=free_offset(every_port(8)), directory=directory, workers=workers)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that ``./serene up`` starts, with two workers, shared: a test asks it and never
    breaks it.
    """
    directory = tmp_path_factory.mktemp("stack")
    with new_stack(directory, workers=WORKERS) as stack:
        for name in DEFAULT_NAMES:
            stack.start(name, env=QUICK if name == "service" else None)
        for name in DEFAULT_NAMES:
            stack.wait_ready(name, seconds=240)
        stack.seed("service")
        yield stack
        workers = [
            Scrape(f"http://127.0.0.1:{stack.port('service', 'management') + slot}")
            for slot in range(WORKERS)
        ]
        assert [worker.total("telemetry_errors_total") for worker in workers] == [0.0] * WORKERS
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def demo_traffic(stack: Stack) -> Iterator[None]:
    """The traffic of ``./serene load`` on the shared stack while the module is tested: others
    measure how long answers take.
    """
    command = [
        sys.executable,
        "-m",
        "stack.cli",
        "load",
        "--port-offset",
        str(stack.offset),
        "--rate",
        "20",
        "--duration",
        "3600",
    ]
    with subprocess.Popen(
        command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as load:
        try:
            yield
        finally:
            load.terminate()


@dataclass
class Service:
    """One gunicorn of the test's own, in front of some stack's backends.

    Args:
        stack: Its ports, folders and backends.
        url: Of the API, without path.
        management: URL of slot 0's management port.
        log: Where its standard output goes.
    """

    stack: Stack
    process: "subprocess.Popen[bytes]"
    url: str
    management: str
    log: Path

    def management_of(self, slot: int) -> str:
        """URL of the management port of the worker in a slot."""
        host, _, port = self.management.rpartition(":")
        return f"{host}:{int(port) + slot}"

    def scrape(self, slot: int = 0) -> Scrape:
        """What one worker exposes now."""
        return Scrape(self.management_of(slot))

    def in_flight(self, route: str, slot: int = 0) -> int:
        """How many requests of a route one worker serves now."""
        answer = requests.get(f"{self.management_of(slot)}/debug/requests", timeout=60).json()
        return sum(request["route"] == route for request in answer["requests"])


Serve = Callable[..., Service]


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of the test's own, nothing started, to break as it likes."""
    with new_stack(tmp_path / "own") as stack:
        yield stack


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts the service with the test routes in front of a stack; ends it with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(
        stack: Stack,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        uses: Stack | None = None,
    ) -> Service:
        environment = (uses or stack).environment("service") | {
            "SERENE_PORT": str(stack.port("service")),
            "TELEMETRY_MANAGEMENT_PORT": str(stack.port("service", "management")),
            "WEB_CONCURRENCY": str(workers),
            **QUICK,
            **(env or {}),
        }
        log = tmp_path / f"service-{len(running)}.log"
        command = [
            str(paths.ROOT / ".venv/bin/gunicorn"),
            "-c",
            "service/gunicorn_conf.py",
            "tests.e2e.app:app",
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=paths.ROOT, env=environment, stdout=output, stderr=output
            )
        running.append(process)
        service = Service(
            stack,
            process,
            stack.url("service"),
            f"http://127.0.0.1:{stack.port('service', 'management')}",
            log,
        )
        wait_until_live(service)
        return service

    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_live(service: Service, path: str = "/api/v1/health/liveness") -> None:
    """Wait until a service answers, or fail with what it logged."""

    def look() -> bool:
        if service.process.poll() is not None:
            raise AssertionError(
                f"the service ended with {service.process.returncode}: {service.log.read_text()[-2000:]}"
            )
        return requests.get(service.url + path, timeout=60).status_code == 200

    wait_for(look, PATIENCE_SECONDS, f"{path} of {service.url}")
