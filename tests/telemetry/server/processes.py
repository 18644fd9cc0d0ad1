"""Real server processes under test, and the clients that talk to them.

Each process gets a session of its own, so that ending it can only end what it started. Clients are
plain sockets and threads: the test process is not monkey-patched.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

from tests.machine import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]
APPS = "tests.telemetry.server.apps"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(seen: Callable[[], object], what: str) -> object:
    """Look again and again until there is something to see, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = seen()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never seen: {what}")


class Answer:
    """What a client got: a status with headers and body, or how it was refused."""

    def __init__(self, status: int | str, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.at = time.monotonic()

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """One gunicorn, or one process that serves alone."""

    def __init__(self, *command: str, **environ: object) -> None:
        self.port = int(environ.setdefault("SERENE_PORT", free_port()))
        settings = {
            "WEB_CONCURRENCY": 1,
            "TELEMETRY_MANAGEMENT_PORT": 0,
            "DRAIN_DELAY_SECONDS": 0.3,
            "DRAIN_TIMEOUT_SECONDS": 30,
            "TELEMETRY_STRICT": True,
            # Nobody listens there: exports fail at once.
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
            "PYTHONWARNINGS": "default",
            **environ,
        }
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **{name: str(value) for name, value in settings.items()}},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        return os.pread(self.log.fileno(), 10_000_000, 0).decode()

    @property
    def lines(self) -> list[dict]:
        """The JSON lines among the output."""
        # The last one may be in the middle of being written.
        return [
            json.loads(line)
            for line in self.text.splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")
        ]

    def said(self, message: str) -> list[dict]:
        return [line for line in self.lines if line["message"].startswith(message)]

    def ready(self) -> dict:
        """Wait until it answers, and return who answered."""

        def answered():
            assert self.process.poll() is None, self.text[-3000:]
            answer = self.get("/who")
            return answer.status == 200 and answer.json

        return until(answered, "an answer")

    def serves(self, count: int, *paths: str, ports: Sequence[int] = ()) -> None:
        """Wait until so many requests of each path are in flight, in the workers of these
        management ports; one of them by default.
        """
        ports = ports or [self.ready()["port"]]

        def in_flight(path: str) -> int:
            return sum(
                management(port, "/debug/requests").body.count(f'"route":"{path}"'.encode())
                for port in ports
            )

        until(
            lambda: all(in_flight(path) == count for path in paths),
            f"{count} requests of {paths} in flight",
        )

    def get(self, path: str, timeout: float = PATIENCE_SECONDS) -> Answer:
        """One request on a connection of its own."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        ) as connection:
            return ask(connection, path)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    @property
    def workers(self) -> list[int]:
        try:
            return [child.pid for child in psutil.Process(self.process.pid).children()]
        except psutil.NoSuchProcess:
            return []

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


def ask(connection: http.client.HTTPConnection, path: str) -> Answer:
    """One request on a connection that may be used again; a refusal is an answer too."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    except ConnectionRefusedError:
        return Answer("refused", {}, b"")
    except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return Answer("reset", {}, b"")
    except http.client.IncompleteRead as error:
        return Answer("cut", {}, error.partial)


def management(port: int, path: str) -> Answer:
    """One request to a management port."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    ) as connection:
        return ask(connection, path)


def fleet(server: Server, size: int, but: Sequence[int] = ()) -> dict[int, tuple[int, int]]:
    """Wait until ``size`` workers have answered, none of ``but`` among them; pid and management
    port by slot.
    """
    seen: dict[int, tuple[int, int]] = {}

    def all_there() -> object:
        who = server.get("/who").json
        if who["pid"] not in but:
            seen[who["slot"]] = (who["pid"], who["port"])
        return len(seen) == size

    until(all_there, f"{size} workers")
    return dict(sorted(seen.items()))


@contextlib.contextmanager
def gunicorn(*options: str, app: str = f"{APPS}.slow:app", **environ: object) -> Iterator[Server]:
    """gunicorn with the service's own configuration and a small app."""
    command = (sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py", *options, app)
    with contextlib.closing(Server(*command, **environ)) as server:
        yield server


@contextlib.contextmanager
def alone(**environ: object) -> Iterator[Server]:
    """The same app without gunicorn."""
    with contextlib.closing(Server(sys.executable, "-m", f"{APPS}.alone", **environ)) as server:
        yield server
