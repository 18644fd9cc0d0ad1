"""Port arithmetic, and what is said of a taken port: on real sockets."""

import re
import socket
import sys

import pytest

from stack import ports
from stack.backends import BY_NAME
from stack.errors import StackError
from tests.stack.conftest import Spawn

LISTENER = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
"""


def test_each_worker_after_the_first_has_its_own_management_port() -> None:
    assert BY_NAME["service"].all_ports(offset=1000, workers=3) == {
        "http": 9000,
        "management": 10464,
        "management/1": 10465,
        "management/2": 10466,
    }


@pytest.mark.parametrize(("offset", "port"), [(-8001, -1), (60000, 68000)])
def test_offset_that_leaves_the_range_of_ports_is_named(offset: int, port: int) -> None:
    with pytest.raises(StackError) as raised:
        ports.shifted("service", {"http": 8000}, offset)
    assert (
        str(raised.value)
        == f"port offset {offset} is out of range: service's http port would be {port}, and 65535 is the highest"
    )


def test_port_of_a_listening_socket_is_taken_until_it_closes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_port_on_all_interfaces_is_taken_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_port_with_connections_in_time_wait_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            # The side that closes first is the one that waits.
            accepted.close()
            assert client.recv(1) == b""
    assert ports.is_free(port)


def test_taken_port_is_said_with_who_holds_it_and_what_to_do(spawn: Spawn) -> None:
    holder = spawn(LISTENER)
    port = int(holder.said)
    with pytest.raises(StackError) as raised:
        ports.require_free("tempo", [port])
    pattern = (
        rf"port {port}, which tempo needs, is taken by pid {holder.pid} \({re.escape(sys.executable)} -c .*\): "
        r"stop that, or start beside it with --port-offset 1000"
    )
    assert re.fullmatch(pattern, str(raised.value).replace("\n", " "))


def test_free_offset_moves_every_port_to_a_free_one_below_the_ephemeral_range() -> None:
    wanted = [8000, 9464, 27017]
    offset = ports.free_offset(wanted)
    assert [ports.is_free(port + offset) for port in wanted] == [True] * 3
    assert 27017 + offset < 32768


def test_no_free_offset_is_an_error() -> None:
    with pytest.raises(
        StackError, match="no port offset with all of 1 ports free was found in 0 attempts"
    ):
        ports.free_offset([8000], attempts=0)
