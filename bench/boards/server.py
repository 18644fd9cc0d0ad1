"""A Prometheus over a folder of blocks, for as long as a block of code runs."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from stack import golang, paths
from stack.backends import BY_NAME
from stack.build import Builder


def commands() -> Path:
    """Return the folder of prometheus and promtool, built when missing."""
    cache = paths.cache_directory()
    builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
    return builder.build(BY_NAME["prometheus"])


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """Yield the URL of a Prometheus that serves the blocks of a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "prometheus.yml"
    configuration.write_text("global: {}\n", encoding="utf-8")
    command = [
        str(commands() / "prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder}",
        "--storage.tsdb.retention.time=30d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.max-samples=1000000000",
        "--query.timeout=30m",
        "--log.level=error",
    ]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command) as server:
        try:
            _wait(url)
            yield url
        finally:
            server.terminate()


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            if requests.get(f"{url}/-/ready", timeout=10).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"{url} is not ready")
