"""A language model of a test's own: the native stack's stand-in, as a process on a free port."""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import requests

from stack import paths
from tests.machine import PATIENCE_SECONDS
from tests.mongodb import free_port


@dataclass
class ModelServer:
    """One server process. As a context manager it runs for as long as the block."""

    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def root(self) -> str:
        """Its URL without path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """For ``COMPANION_BASE_URL``."""
        return f"{self.root}/v1"

    def behave(self, **behaviour: Any) -> None:
        """Be like this from now on; see ``stack.model_server.Behaviour``."""
        requests.put(
            f"{self.root}/behaviour", json=behaviour, timeout=PATIENCE_SECONDS
        ).raise_for_status()

    def reset(self) -> None:
        """Be as at first, and forget the requests; returns when none is under way."""
        for path in ("/behaviour", "/requests"):
            requests.delete(f"{self.root}{path}", timeout=PATIENCE_SECONDS).raise_for_status()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.under_way():
            assert time.monotonic() < deadline, "the model goes on answering"
            time.sleep(0.02)

    def asked(self) -> list[dict[str, Any]]:
        """The requests for an answer so far."""
        found: list[dict[str, Any]] = requests.get(
            f"{self.root}/requests", timeout=PATIENCE_SECONDS
        ).json()["requests"]
        return found

    def under_way(self) -> int:
        """How many answers it is giving now."""
        return int(
            requests.get(f"{self.root}/requests", timeout=PATIENCE_SECONDS).json()["in_flight"]
        )

    def __enter__(self) -> Self:
        command = [sys.executable, "stack/model_server.py", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=paths.ROOT, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                requests.get(f"{self.root}/health", timeout=PATIENCE_SECONDS).raise_for_status()
                return self
            except requests.ConnectionError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
