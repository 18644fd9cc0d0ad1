"""Toxiproxy, as the stack builds it, on a free port: TCP proxies of a test's own that are slow, or
that break their connections.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.backend import Server, built
from tests.machine import PATIENCE_SECONDS
from tests.support.ports import free_port


@dataclass(frozen=True)
class Proxy:
    """One proxy.

    Args:
        url: Of the proxy in toxiproxy's API.
        port: Where it listens.
    """

    url: str
    port: int

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Delay what the server sends, within the block; what is on its way then comes at once."""
        attributes = {"latency": round(seconds * 1000)}
        _post(
            f"{self.url}/toxics",
            {"name": "slow", "type": "latency", "stream": "downstream", "attributes": attributes},
        )
        try:
            yield
        finally:
            requests.delete(f"{self.url}/toxics/slow", timeout=PATIENCE_SECONDS).raise_for_status()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Close its connections and refuse new ones, within the block."""
        _post(self.url, {"enabled": False})
        try:
            yield
        finally:
            _post(self.url, {"enabled": True})


class Toxiproxy(Server):
    """One server process; see ``Server``."""

    def command(self) -> list[str]:
        """Run it without a proxy."""
        return [
            str(built("toxiproxy") / "toxiproxy"),
            *("-host", "127.0.0.1", "-port", str(self.port)),
        ]

    def proxy(self, name: str, upstream: int) -> Proxy:
        """Add a proxy.

        Args:
            name: Of the proxy.
            upstream: Port of the loopback interface that it connects to.
        """
        url, port = f"http://127.0.0.1:{self.port}/proxies", free_port()
        listen, target = f"127.0.0.1:{port}", f"127.0.0.1:{upstream}"
        _post(url, {"name": name, "listen": listen, "upstream": target, "enabled": True})
        return Proxy(f"{url}/{name}", port)


def _post(url: str, body: dict[str, Any]) -> None:
    requests.post(url, json=body, timeout=PATIENCE_SECONDS).raise_for_status()
