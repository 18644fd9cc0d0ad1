"""A standalone service does not start on a taken management port, and prints why in one line."""

import os
import socket
import subprocess
import sys

import pytest

from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import sys
from flask import Flask
from telemetry import Telemetry
from telemetry.standalone import serve
app, telemetry = Flask("app"), Telemetry.from_env()
telemetry.init_app(app)
sys.exit(serve(app, telemetry, "127.0.0.1", 0))
"""


def test_taken_management_port_stops_the_start_with_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {**os.environ, "TELEMETRY_MANAGEMENT_PORT": str(port)}
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"TELEMETRY_MANAGEMENT_PORT={port}: "
        f"cannot listen on 127.0.0.1:{port} for slot 0 (Address already in use); "
        "set another port, 0 for any free one, or another TELEMETRY_MANAGEMENT_HOST\n"
    )
