"""Real stacks for the end-to-end tests: one that all tests share and leave whole, and small ones
that a test may break.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from stack import paths
from stack.backends import DEFAULT_NAMES
from stack.runner import Stack
from tests.e2e.metrics import Scrape
from tests.e2e.polling import poll
from tests.support.polling import TIMEOUT_SECONDS
from tests.support.ports import stack_offset

WORKERS = 2
# Frequent checks, so that tests need not wait long for evidence.
QUICK = {"HEALTH_INTERVAL_SECONDS": "1", "DRAIN_DELAY_SECONDS": "1"}


@contextmanager
def new_stack(directory: Path, workers: int = 1) -> Iterator[Stack]:
    """Yield a stack on reserved ports in a folder of its own, with nothing started."""
    with (
        stack_offset() as offset,
        Stack(offset=offset, directory=directory, workers=workers) as stack,
    ):
        yield stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The shared stack: everything that ``./serene up`` starts, with two workers. Tests only send
    requests to it and never break it.
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
    """The traffic of ``./serene load`` on the shared stack during a module's tests; not for modules
    that measure response times.
    """
    command = [
        *(sys.executable, "-m", "stack.cli", "load", "--port-offset", str(stack.offset)),
        *("--rate", "20", "--duration", "3600"),
    ]
    with subprocess.Popen(
        command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as load:
        try:
            yield
        finally:
            load.terminate()


@dataclass
class RunningService:
    """One gunicorn of a test, in front of a stack's backends.

    Args:
        stack: Its ports, folders and backends.
        url: Of the API, without path.
        management: URL of slot 0's management port.
        log: File of its standard output.
    """

    stack: Stack
    process: "subprocess.Popen[bytes]"
    url: str
    management: str
    log: Path

    def management_of(self, slot: int) -> str:
        """Return the URL of the management port of the worker in a slot."""
        host, _, port = self.management.rpartition(":")
        return f"{host}:{int(port) + slot}"

    def scrape(self, slot: int = 0) -> Scrape:
        """Return the metrics that one worker exposes now."""
        return Scrape(self.management_of(slot))

    def in_flight(self, route: str, slot: int = 0) -> int:
        """Return the number of requests of a route that one worker serves now."""
        report = requests.get(f"{self.management_of(slot)}/debug/requests", timeout=60).json()
        return sum(request["route"] == route for request in report["requests"])

    def stop(self) -> None:
        """Send SIGTERM when it runs, and SIGKILL when it does not exit."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


Serve = Callable[..., RunningService]


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack that the test may break, with nothing started."""
    with new_stack(tmp_path / "own") as stack:
        yield stack


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A function that starts the service with the test routes in front of a stack.

    The services end with the test.
    """
    running: list[RunningService] = []

    def start(
        stack: Stack,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        uses: Stack | None = None,
    ) -> RunningService:
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
        service = RunningService(
            stack,
            process,
            stack.url("service"),
            f"http://127.0.0.1:{stack.port('service', 'management')}",
            log,
        )
        running.append(service)
        wait_until_live(service)
        return service

    yield start
    for service in running:
        service.stop()


def wait_until_live(service: RunningService) -> None:
    """Wait until a service responds, or fail with its output."""
    url = f"{service.url}/api/v1/health/liveness"

    def is_live() -> bool:
        if service.process.poll() is not None:
            output = service.log.read_text()[-2000:]
            raise AssertionError(f"the service ended with {service.process.returncode}: {output}")
        return requests.get(url, timeout=60).status_code == 200

    poll(is_live, what=url)
