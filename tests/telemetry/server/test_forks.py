"""A request that runs a command forks its worker.

Until its exec the child has a copy of every other request.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.processes import SERVERS
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e


def forked(how):
    """One request runs commands while another one takes turns with it, and prints its process."""
    with ThreadPoolExecutor(1) as clients, SERVERS[how]() as server:
        pid = server.wait_until_ready()["pid"]
        commands = clients.submit(server.get, "/command")
        turns = server.get("/turns")
        took = {
            line.rpartition(" ")[2]
            for line in server.text.splitlines()
            if line.startswith("a turn of ")
        }
        return commands.result().body, turns.body, took == {str(pid)}


@scenarios(*[(forked, how) for how in SERVERS])
def test_child_of_a_command_serves_nothing(outcome):
    assert outcome == (b"done", b"done", True)
