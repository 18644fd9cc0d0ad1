"""A backend of a test's own: a server as the stack builds it, one process on a free port of the
loopback interface.
"""

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from stack import golang, paths
from stack.backends import BY_NAME
from stack.build import Builder
from tests.support.frozen import freeze, thaw

START_SECONDS = 120.0
"""It takes 30 ms to a second; a machine under load may take its time."""


may_be_built = True
"""Whether the running test is marked as one on backends; ``tests/conftest.py`` sets it."""


def built(name: str) -> Path:
    """The folder with a backend's commands; built first where it is missing."""
    assert may_be_built, f"mark this test as one on a backend (pytest.mark.backend): {name}"
    cache = paths.cache_directory()
    builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
    return builder.build(BY_NAME[name])


@dataclass
class Server:
    """One server process. As a context manager it runs for as long as the block.

    Args:
        directory: Where its data and its log are.
        port: Where it listens; the same after a restart.
    """

    directory: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def command(self) -> list[str]:
        """What to run."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        command = self.command()
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def stop(self) -> None:
        """Kill it, also while it is frozen."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """Let it hang: connections stay, and nothing is answered."""
        assert self.process is not None
        freeze(self.process.pid)

    def thaw(self) -> None:
        """Let it go on."""
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
        self.stop()
