"""Listening sockets, and the one line that says why there is none."""

import socket

import pytest

from telemetry.server.sockets import PortError, listen


def test_accepted_sockets_send_at_once():
    """Else the answer's body waits 44 ms for the acknowledgement of its headers."""
    with (
        listen("127.0.0.1", 0, purpose="test", setting="PORT") as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_taken_port_is_one_line():
    with listen("127.0.0.1", 0, purpose="test", setting="PORT") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortError) as raised:
            listen("127.0.0.1", port, purpose="management", setting="PORT")

    assert (
        str(raised.value)
        == f"management cannot listen on 127.0.0.1:{port}: Address already in use; set PORT to a free one"
    )


def test_an_unknown_interface_is_one_line():
    with pytest.raises(
        PortError,
        match=r"^management cannot listen on 192\.0\.2\.1:1: Cannot assign requested address; set PORT",
    ):
        listen("192.0.2.1", 1, purpose="management", setting="PORT")
