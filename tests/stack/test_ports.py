"""Port arithmetic, and the error of a taken port: on real sockets."""

import re
import socket
import sys

import pytest

from stack import ports
from stack.backends import BY_NAME, every_port
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
def test_offset_out_of_the_range_of_ports_is_an_error(offset: int, port: int) -> None:
    with pytest.raises(StackError) as raised:
        ports.shifted("service", {"http": 8000}, offset)
    assert str(raised.value) == (
        f"port offset {offset} is out of range: service's http port would be {port}, "
        "and 65535 is the highest"
    )


def test_port_of_a_listening_socket_is_taken_until_it_closes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_port_on_all_interfaces_is_taken_as_well() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_port_with_connections_in_time_wait_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            # The side that closes first stays in TIME_WAIT.
            accepted.close()
            assert client.recv(1) == b""
    assert ports.is_free(port)


def test_error_of_a_taken_port_names_its_holder_and_the_remedy(spawn: Spawn) -> None:
    holder = spawn(LISTENER)
    port = int(holder.first_line)
    with pytest.raises(StackError) as raised:
        ports.require_free("tempo", [port])
    pattern = (
        rf"port {port}, which tempo needs, is taken by pid {holder.pid} "
        rf"\({re.escape(sys.executable)} -c .*\): "
        r"stop that, or start beside it with --port-offset 1000"
    )
    assert re.fullmatch(pattern, str(raised.value).replace("\n", " "))


def test_free_offset_moves_every_port_to_a_free_one_below_the_ephemeral_range() -> None:
    default_ports = every_port(workers=2)
    offset = ports.free_offset(default_ports)
    assert [ports.is_free(port + offset) for port in default_ports] == [True] * len(default_ports)
    assert max(default_ports) + offset < 32768


def test_no_free_offset_is_an_error() -> None:
    with pytest.raises(
        StackError, match="no port offset with all of 1 ports free was found in 0 attempts"
    ):
        ports.free_offset([8000], attempts=0)
