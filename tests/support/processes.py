"""Real server processes under test, and the clients that send requests to them.

Each process gets a session of its own, so that ending it can only end what it started. Clients are
plain sockets and threads.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.ports import free_port

ROOT: Final = Path(__file__).parents[2]
SMALL_APP: Final = "tests.telemetry.server.apps.slow:app"
SMALL_APP_STANDALONE: Final = "tests.telemetry.server.apps.standalone"


class ClientResponse:
    """A response as a client received it: status, headers and body, or how it was refused."""

    def __init__(self, status: int | str, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.at = time.monotonic()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ServerProcess:
    """One gunicorn, or one standalone process.

    Args:
        command: Serves the small app, or another one, at ``SERENE_PORT``.
        environ: Settings on top of those that make it quick.
    """

    def __init__(self, *command: str, **environ: object) -> None:
        self.port = int(str(environ.setdefault("SERENE_PORT", free_port())))
        settings = {
            "WEB_CONCURRENCY": 1,
            "TELEMETRY_MANAGEMENT_PORT": 0,
            "DRAIN_DELAY_SECONDS": 0.3,
            "DRAIN_TIMEOUT_SECONDS": 30,
            "TELEMETRY_STRICT": True,
            # Nothing listens there: exports fail at once.
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
        """All of its output."""
        return os.pread(self.log.fileno(), 10_000_000, 0).decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines among the output."""
        # The last one may be in the middle of being written.
        return [
            json.loads(line)
            for line in self.text.splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")
        ]

    def logged(self, message: str) -> list[dict[str, Any]]:
        """Return the JSON lines whose message begins so."""
        return [line for line in self.lines if line["message"].startswith(message)]

    def wait_until_ready(self) -> dict[str, Any]:
        """Wait until it answers, and return the identity of the worker that answered."""

        def identity() -> Any:
            assert self.process.poll() is None, self.text[-3000:]
            response = self.get("/who")
            return response.status == 200 and response.json

        found: dict[str, Any] = wait_until(identity, what="a response")
        return found

    def wait_until_serving(self, count: int, *paths: str, ports: Sequence[int] = ()) -> None:
        """Wait until so many requests of each path are in flight.

        Args:
            count: Requests of each path.
            paths: Their routes.
            ports: Management ports of the workers to count in; that of one by default.
        """
        ports = ports or [self.wait_until_ready()["port"]]

        def in_flight(path: str) -> int:
            return sum(
                each["route"] == path
                for port in ports
                for each in get_management(port, "/debug/requests").json["requests"]
            )

        wait_until(
            lambda: all(in_flight(path) == count for path in paths),
            what=f"{count} requests of {paths} in flight",
        )

    def get(self, path: str, timeout: float = PATIENCE_SECONDS) -> ClientResponse:
        """Send one request on a connection of its own."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        ) as connection:
            return get_on(connection, path)

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection that may be kept."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    @property
    def workers(self) -> list[int]:
        """The pids of its children."""
        try:
            return [child.pid for child in psutil.Process(self.process.pid).children()]
        except psutil.NoSuchProcess:
            return []

    def wait_for_worker_exit(self, pid: int) -> None:
        """Wait until a worker is gone."""
        wait_until(lambda: pid not in self.workers, what=f"the exit of worker {pid}")

    def wait_for_log(self, message: str) -> list[dict[str, Any]]:
        """Wait for JSON lines whose message begins so, and return them."""
        return wait_until(lambda: self.logged(message), what=f"a log line {message!r}")

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def exit_code(self) -> int:
        """Wait for the exit."""
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Kill it with its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


def get_on(connection: http.client.HTTPConnection, path: str) -> ClientResponse:
    """Send one request on a connection that may be used again; a refusal is a response too."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return ClientResponse(response.status, dict(response.getheaders()), response.read())
    except ConnectionRefusedError:
        return ClientResponse("refused", {}, b"")
    except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return ClientResponse("reset", {}, b"")
    except http.client.IncompleteRead as error:
        return ClientResponse("cut", {}, error.partial)


def get_management(port: int, path: str) -> ClientResponse:
    """Send one request to a management port."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    ) as connection:
        return get_on(connection, path)


def wait_for_workers(
    server: ServerProcess, size: int, but: Sequence[int] = ()
) -> dict[int, tuple[int, int]]:
    """Wait until ``size`` workers have answered, none of ``but`` among them.

    Returns:
        Pid and management port by slot.
    """
    seen: dict[int, tuple[int, int]] = {}

    def all_answered() -> bool:
        who = server.get("/who").json
        if who["pid"] not in but:
            seen[who["slot"]] = (who["pid"], who["port"])
        return len(seen) == size

    wait_until(all_answered, what=f"{size} workers")
    return dict(sorted(seen.items()))


def run_gunicorn(*options: str, **environ: object) -> tuple[int, list[str]]:
    """Run gunicorn on the small app to its end.

    Returns:
        Exit code, and output without gunicorn's own informational lines.
    """
    settings = {
        "SERENE_PORT": free_port(),
        "TELEMETRY_MANAGEMENT_PORT": 0,
        "WEB_CONCURRENCY": 1,
        **environ,
    }
    ended = subprocess.run(
        _gunicorn_command(*options, SMALL_APP),
        cwd=ROOT,
        env={**os.environ, **{name: str(value) for name, value in settings.items()}},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return ended.returncode, [
        line
        for line in (ended.stdout + ended.stderr).splitlines()
        if line and '"level":"INFO"' not in line
    ]


@contextlib.contextmanager
def gunicorn(*options: str, app: str = SMALL_APP, **environ: object) -> Iterator[ServerProcess]:
    """Run gunicorn with the service's own configuration, and a small app by default."""
    with contextlib.closing(ServerProcess(*_gunicorn_command(*options, app), **environ)) as server:
        yield server


@contextlib.contextmanager
def standalone(module: str = SMALL_APP_STANDALONE, **environ: object) -> Iterator[ServerProcess]:
    """Run an app without gunicorn, the small one by default."""
    with contextlib.closing(ServerProcess(sys.executable, "-m", module, **environ)) as server:
        yield server


def _gunicorn_command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py", *arguments)


SERVERS: Final = {"gunicorn": gunicorn, "standalone": standalone}
"""The two ways to serve, for tests of both."""
