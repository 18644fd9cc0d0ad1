"""The viewer in front of fixed answers, as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from stack import paths
from tests.support.polling import wait_until
from tests.support.ports import free_port


@contextmanager
def served() -> Iterator[str]:
    """Yield its URL, without path."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.support.fixed_viewer", "--port", str(port)]
    with subprocess.Popen(command, cwd=paths.ROOT) as process:
        try:
            wait_until(
                lambda: requests.get(f"{url}/viewer.json", timeout=60).ok,
                what=f"the viewer answers at {url}",
                retry_on=(requests.ConnectionError,),
            )
            yield url
        finally:
            process.terminate()
