"""Which connections a drain may close, and what the kernel holds for them meanwhile."""

import socket

import gevent
import pytest
from gevent import socket as gevent_socket
from gevent.pool import Pool
from gevent.server import StreamServer

from telemetry.config import TelemetryConfig
from telemetry.server.client_pace import ClientBounds
from telemetry.server.client_socket import ClientSocket
from telemetry.server.connections import (
    FRESH_LINGER_SECONDS,
    USED_LINGER_SECONDS,
    Connections,
    RequestWait,
)
from telemetry.server.drain import _accept_queued
from tests.clock import Clock


@pytest.fixture
def clock():
    return Clock(100.0)


def client_socket(accepted):
    return ClientSocket(accepted, "", ClientBounds(TelemetryConfig(), lambda *_: None))


@pytest.fixture
def pair():
    ours, client = gevent_socket.socketpair()
    with client_socket(ours) as ours, client:
        yield ours, client


def received(ours):
    """Read as the server: bytes, the end, or nothing yet."""
    try:
        return ours._sock.recv(100)
    except BlockingIOError:
        return "nothing yet"


@pytest.mark.parametrize(
    ("used", "linger"), [(False, FRESH_LINGER_SECONDS), (True, USED_LINGER_SECONDS)]
)
def test_idle_connection_is_shut_once_its_client_has_had_time(pair, clock, used, linger):
    connections = Connections(clock)
    seen = []
    with connections.opened(pair[0]) as connection:
        if used:
            with connection.busy(lambda: None):
                pass
        for seconds in (linger - 0.01, 0.02):
            clock.now += seconds
            connections.shut_idle()
            seen.append(received(pair[0]))

    assert seen == ["nothing yet", b""]


def test_bytes_that_the_kernel_already_holds_are_still_read(pair, clock):
    connections = Connections(clock)
    with connections.opened(pair[0]):
        pair[1].sendall(b"GET / HTTP/1.1")
        clock.now += FRESH_LINGER_SECONDS
        connections.shut_idle()

    assert (received(pair[0]), received(pair[0])) == (b"GET / HTTP/1.1", b"")


def test_busy_connection_is_not_shut_but_closes_after_its_response(pair, clock):
    connections = Connections(clock)
    closed = []
    with connections.opened(pair[0]) as connection:
        with connection.busy(lambda: closed.append(True)):
            clock.now += 3600
            connections.shut_idle()
            connections.close_after_response()
            connections.current.close_after_response()
        connections.close_after_response()

    assert (received(pair[0]), closed) == ("nothing yet", [True, True])


def test_connection_that_is_gone_already_is_no_error(clock):
    connections = Connections(clock)
    ours, client = gevent_socket.socketpair()
    ours = client_socket(ours)
    ours.close()
    client.close()
    with connections.opened(ours):
        clock.now += FRESH_LINGER_SECONDS
        connections.shut_idle()
        connections.shut_idle()


def test_wait_for_a_request_ends_with_its_time(pair):
    with Connections().opened(pair[0]) as connection:
        after = "not reached"
        connection.client.begin_exchange()  # the first wait has begun with the connection
        with RequestWait(connection, 0.01):
            connection.client.recv(1)
            after = "reached"

    assert after == "not reached"


def test_wait_for_a_request_leaves_other_timeouts_to_their_owner(pair):
    theirs = gevent.Timeout(0.01)
    with (
        Connections().opened(pair[0]) as connection,
        theirs,
        pytest.raises(gevent.Timeout) as raised,
        RequestWait(connection, 30),
    ):
        gevent.sleep(30)

    assert raised.value is theirs


def test_clients_that_always_have_a_next_request_take_turns(pair):
    turns = []

    def serve(name):
        with Connections().opened(pair[0]) as connection:
            for _ in range(3):
                with RequestWait(connection, 30, begun=True):
                    turns.append(name)
                with connection.busy(lambda: None):
                    pass

    gevent.joinall([gevent.spawn(serve, name) for name in "ab"], raise_error=True)

    assert turns == ["a", "b"] * 3


def test_clients_whose_next_request_the_kernel_has_take_turns():
    turns = []

    def serve(name):
        ours, client = gevent_socket.socketpair()
        client.sendall(b"abc")
        with Connections().opened(client_socket(ours)) as connection, client:
            for _ in range(3):
                with RequestWait(connection, 30):
                    turns.append((name, connection.client.recv(1)))
                with connection.busy(lambda: None):
                    pass
            connection.client.close()

    gevent.joinall([gevent.spawn(serve, name) for name in "ab"], raise_error=True)

    rounds = [{name + byte.decode() for name, byte in turns[at : at + 2]} for at in (0, 2, 4)]
    assert rounds == [{"aa", "ba"}, {"ab", "bb"}, {"ac", "bc"}]


def test_queued_connections_are_accepted_before_the_listener_closes():
    """Closing a listener resets the connections that are not accepted."""
    listener = gevent_socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
    server = StreamServer(listener, handle=lambda client, _: client.sendall(b"503"), spawn=Pool(10))
    server.init_socket()
    _accept_queued(server)
    server.close()
    server.pool.join(timeout=10)

    answers = [client.recv(10) for client in clients]
    for client in clients:
        client.close()
    assert answers == [b"503"] * 3
