"""Listening sockets, the one line when one cannot be opened, and lingering closes."""

import errno
import select
import socket
import time

import pytest

from telemetry.sockets import PortError, begin_lingering_close, ignore_new_clients, listen
from tests.machine import PATIENCE_SECONDS


def test_accepted_sockets_send_at_once():
    """Else the response's body waits 44 ms for the acknowledgement of its headers."""
    with (
        listen("127.0.0.1", 0, purpose="test", setting="PORT") as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_taken_port_is_one_line():
    with listen("127.0.0.1", 0, purpose="test", setting="PORT") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortError) as raised:
            listen("127.0.0.1", port, purpose="management", setting="PORT")

    assert str(raised.value) == (
        f"management cannot listen on 127.0.0.1:{port}: Address already in use; "
        "set PORT to a free one"
    )


def test_unknown_interface_is_one_line():
    line = r"^management cannot listen on 192\.0\.2\.1:1: Cannot assign requested address; set PORT"
    with pytest.raises(PortError, match=line):
        listen("192.0.2.1", 1, purpose="management", setting="PORT")


def test_port_above_the_highest_is_one_line():
    with pytest.raises(PortError, match=r":65536: a port is at most 65535; set PORT"):
        listen("127.0.0.1", 65536, purpose="management", setting="PORT")


def test_client_in_the_queue_is_served_and_a_new_one_is_ignored():
    with listen("127.0.0.1", 0, purpose="test", setting="PORT") as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as early:
            assert ignore_new_clients(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.3)
            early.sendall(b"request")
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.recv(10) == b"request"
                accepted.sendall(b"response")
                assert early.recv(10) == b"response"


@pytest.mark.slow
def test_ignored_client_is_refused_once_the_listener_is_closed():
    with socket.socket() as client:
        client.setblocking(False)
        with listen("127.0.0.1", 0, purpose="test", setting="PORT") as listener:
            assert ignore_new_clients(listener)
            assert client.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        _, writable, _ = select.select([], [client], [], PATIENCE_SECONDS)
        assert writable
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED


def test_clients_of_a_unix_socket_cannot_be_ignored(tmp_path):
    path = f"unix:{tmp_path}/socket"
    with listen(path, 0, purpose="test", setting="PORT") as listener:
        assert not ignore_new_clients(listener)


def test_lingering_close_discards_until_the_client_is_done():
    server, client = socket.socketpair()
    with server, client:
        client.sendall(b"x" * 1000)
        client.shutdown(socket.SHUT_WR)
        begin_lingering_close(server, seconds=PATIENCE_SECONDS)

        assert server.recv(10) == b""
        assert client.recv(10) == b"", "the server sends no more"


@pytest.mark.parametrize("bounds", [{"seconds": 0.05}, {"seconds": 30, "most_bytes": 500}])
def test_lingering_close_is_bounded(bounds):
    server, client = socket.socketpair()
    with server, client:
        client.sendall(b"x" * 1000)
        began = time.monotonic()
        begin_lingering_close(server, **bounds)

    assert time.monotonic() - began < 20


def test_lingering_close_of_a_broken_connection_is_no_error():
    server, client = socket.socketpair()
    client.close()
    server.close()
    begin_lingering_close(server)
