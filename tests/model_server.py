"""The native stack's stand-in language model, as a process on a free port."""

import subprocess
import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import requests

from stack import paths
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.ports import free_port


@dataclass
class ModelServer:
    """One server process, which runs during the block of the context manager."""

    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def root(self) -> str:
        """URL without path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """URL for ``COMPANION_BASE_URL``."""
        return f"{self.root}/v1"

    def behave(self, **behaviour: Any) -> None:
        """Set the behaviour; see ``stack.model_server.Behaviour``."""
        requests.put(
            f"{self.root}/behaviour", json=behaviour, timeout=PATIENCE_SECONDS
        ).raise_for_status()

    def reset(self) -> None:
        """Reset the behaviour and the recorded requests; return when no reply is running."""
        for path in ("/behaviour", "/requests"):
            requests.delete(f"{self.root}{path}", timeout=PATIENCE_SECONDS).raise_for_status()
        wait_until(lambda: self.active_calls() == 0, what="the model's replies end")

    def received_requests(self) -> list[dict[str, Any]]:
        """Return the requests for a reply so far."""
        found: list[dict[str, Any]] = requests.get(
            f"{self.root}/requests", timeout=PATIENCE_SECONDS
        ).json()["requests"]
        return found

    def active_calls(self) -> int:
        """Return the number of running replies."""
        return int(
            requests.get(f"{self.root}/requests", timeout=PATIENCE_SECONDS).json()["in_flight"]
        )

    def __enter__(self) -> Self:
        command = [sys.executable, "stack/model_server.py", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=paths.ROOT, stdin=subprocess.DEVNULL)
        try:
            wait_until(self._is_healthy, what="the model's server listens")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _is_healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the model's server ended"
        try:
            requests.get(f"{self.root}/health", timeout=PATIENCE_SECONDS).raise_for_status()
        except requests.ConnectionError:
            return False
        return True

    def _stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
