"""``python -m service.recover`` in a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.mongodb import free_port


@pytest.fixture
def recover():
    def run(uri: str) -> tuple[int, str, str]:
        environ = os.environ | {"MONGODB_URI": uri, "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "0.2"}
        done = subprocess.run(
            [sys.executable, "-m", "service.recover"], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_what_has_expired_is_ended(world, database_uri, recover):
    world.clock.forward(seconds=-1000)
    session_id = world.booked()
    assert recover(database_uri) == (0, "bookings: 1 finished\n", "")
    assert recover(database_uri) == (0, "bookings: 0 finished\n", "")
    assert world.status(session_id) == "expired"


def test_what_cannot_be_done_is_one_line(recover):
    port = free_port()
    line = f"bookings: MongoDB cannot be used: 127.0.0.1:{port}: [Errno 111] Connection refused\n"
    assert recover(f"mongodb://127.0.0.1:{port}") == (1, "", line)
    code, out, err = recover("localhost")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("MONGODB_URI='localhost'")
