"""A server whose hub is instrumented, and a peer process that knows when it answered."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.telemetry.phases.serving import Server

PEER = Path(__file__).with_name("peer.py")


@pytest.fixture
def server():
    """Serves requests on the hub of this thread."""
    serving = Server()
    serving.start()
    yield serving
    serving.stop()


@pytest.fixture
def peer():
    """The address of a process that answers after 1 to 20 ms."""
    with subprocess.Popen(
        [sys.executable, str(PEER), "0.02"], stdout=subprocess.PIPE, text=True
    ) as process:
        yield "127.0.0.1", int(process.stdout.readline())
        process.kill()
