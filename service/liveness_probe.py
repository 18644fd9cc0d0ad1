"""The image's health check: ``python -m service.liveness_probe``.

It asks the management ports, which answer until a process has ended: the port of the API refuses
connections while a drain still serves what is in flight. One live worker is enough, as workers are
replaced and end one after the other. It imports the standard library only, because it runs every
few seconds beside the service.
"""

import os
import sys
import urllib.request
from collections.abc import Mapping
from typing import Final

PATH: Final = "/health/liveness"
"""Where every management port serves it, whatever prefix the API has."""

TIMEOUT_SECONDS: Final = 2.0
_EVERY_INTERFACE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104


def addresses(environ: Mapping[str, str]) -> list[str]:
    """Return the URLs of every worker's liveness, by the same settings as the service."""
    host = environ.get("TELEMETRY_MANAGEMENT_HOST", "")
    host = _EVERY_INTERFACE.get(host, f"[{host}]" if ":" in host else host)
    port = int(environ.get("TELEMETRY_MANAGEMENT_PORT") or 9464)
    workers = int(environ.get("WEB_CONCURRENCY") or len(os.sched_getaffinity(0)))
    return [f"http://{host}:{port + slot}{PATH}" for slot in range(workers)]


def is_alive(url: str, timeout_seconds: float) -> bool:
    """Return whether a worker answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds):  # noqa: S310 - always http
            return True
    except OSError:  # among them what is no 200
        return False


def main(environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 when a worker is alive, else 1."""
    urls = addresses(environ)
    return 0 if any(is_alive(url, TIMEOUT_SECONDS / len(urls)) for url in urls) else 1


if __name__ == "__main__":
    sys.exit(main(os.environ))
