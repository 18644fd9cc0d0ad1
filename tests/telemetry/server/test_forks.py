"""A request that runs a command forks its worker; the child, until its exec, has a copy of every
other request.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.telemetry.server.conftest import scenarios
from tests.telemetry.server.processes import alone, gunicorn

pytestmark = pytest.mark.e2e

SERVERS = {"gunicorn": gunicorn, "alone": alone}


def forked(how):
    """One request runs commands while another one takes turns with it, and says which process takes
    them.
    """
    with ThreadPoolExecutor(1) as clients, SERVERS[how]() as server:
        pid = server.ready()["pid"]
        commands = clients.submit(server.get, "/command")
        turns = server.get("/turns")
        took = {
            line.rpartition(" ")[2]
            for line in server.text.splitlines()
            if line.startswith("a turn of ")
        }
        return commands.result().body, turns.body, took == {str(pid)}


@scenarios((forked, "gunicorn"), (forked, "alone"))
def test_nothing_is_served_by_the_child_of_a_command(outcome):
    assert outcome == (b"done", b"done", True)
