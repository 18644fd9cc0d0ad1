"""A Redis of a test's own: the real server, on a free port, with nothing kept on disk."""

import socket
import subprocess
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from stack import redis_server
from tests.machine import PATIENCE_SECONDS
from tests.support.frozen import freeze, thaw
from tests.support.ports import free_port


@dataclass
class Redis:
    """One server process. As a context manager it runs for as long as the block; its port stays the
    same after a restart.
    """

    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """For ``REDIS_URL``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        command = [
            redis_server.require(),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, "redis-server ended"
                assert time.monotonic() < deadline, "redis-server did not start"
                time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def hang(self) -> None:
        """Let it accept connections and answer nothing."""
        assert self.process is not None
        freeze(self.process.pid)

    def go_on(self) -> None:
        """End ``hang``."""
        assert self.process is not None
        thaw(self.process.pid)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
