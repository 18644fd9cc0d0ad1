"""``python -m service.recover`` in a process of its own."""

import pytest

from tests.service.processes import NO_DATABASE, ran
from tests.support.ports import free_port

pytestmark = pytest.mark.e2e


def recover(uri: str, *arguments: str, **settings: str) -> tuple[int, str, str]:
    return ran(uri, "service.recover", *arguments, **settings)


def test_command_ends_expired_bookings(clinic, api, database_uri):
    clinic.clock.forward(seconds=-1000)
    session_id = api.booked()
    assert recover(database_uri) == (0, "bookings: 1 finished\n", "")
    assert recover(database_uri) == (0, "bookings: 0 finished\n", "")
    assert clinic.status(session_id) == "expired"


def test_failure_of_the_command_is_one_line():
    port = free_port()
    line = f"bookings: MongoDB cannot be used: 127.0.0.1:{port}: [Errno 111] Connection refused\n"
    assert recover(f"mongodb://127.0.0.1:{port}", **NO_DATABASE) == (1, "", line)
    code, out, err = recover("localhost")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("MONGODB_URI='localhost'")
