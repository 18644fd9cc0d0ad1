"""The socket of one client waits no longer than its bounds, and raises only failures of its own."""

import re
import socket
import time

import gevent
import pytest
from gevent import socket as gevent_socket

from telemetry.config import TelemetryConfig
from telemetry.requests.record import set_current_record
from telemetry.server.client_pace import ClientBounds, ClientGone, ClientTooSlow, NoRequest
from telemetry.server.client_socket import ClientSocket
from tests.telemetry.records import record

MEBIBYTE = 1024 * 1024


class Connected:
    """Both ends of a connection, and the reports of slowness."""

    def __init__(self, **settings):
        self.reports = []
        listener = gevent_socket.create_server(("127.0.0.1", 0))
        self.theirs = gevent_socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        listener.close()
        config = TelemetryConfig(client_stall_seconds=0.1, client_bytes_per_second=100, **settings)
        bounds = ClientBounds(
            config, lambda address, error: self.reports.append((address, error.reason))
        )
        self.ours = ClientSocket(accepted, "203.0.113.7", bounds)

    def close(self):
        self.ours.close()
        self.theirs.close()


@pytest.fixture
def connected():
    connected = Connected()
    yield connected
    connected.close()


@pytest.fixture
def in_exchange(connected):
    connected.ours.begin_exchange()
    return connected


def test_idle_connection_ends_without_a_report(connected):
    connected.ours.begin_exchange()
    connected.ours.end_exchange()
    connected.ours.await_request(0.05)
    with pytest.raises(NoRequest):
        connected.ours.recv(10)
    assert connected.reports == []


def test_body_that_stalls_is_reported_once(in_exchange):
    for _ in range(3):
        with pytest.raises(ClientTooSlow):
            in_exchange.ours.recv(10)
    assert in_exchange.reports == [("203.0.113.7", "body")]
    assert in_exchange.ours.too_slow is not None


def test_reader_that_stalls_is_reported(in_exchange):
    with pytest.raises(ClientTooSlow):
        in_exchange.ours.sendall(bytes(64 * MEBIBYTE))
    assert in_exchange.reports == [("203.0.113.7", "response")]


def test_all_bytes_arrive_at_a_reader_that_keeps_up(in_exchange):
    def read():
        size = 0
        while size < 8 * MEBIBYTE:
            size += len(in_exchange.theirs.recv(MEBIBYTE))
        return size

    reader = gevent.spawn(read)
    in_exchange.ours.sendall(memoryview(bytes(8 * MEBIBYTE)))
    assert reader.get(timeout=30) == 8 * MEBIBYTE


def test_end_in_the_middle_of_a_body_is_the_clients(in_exchange):
    in_exchange.theirs.close()
    assert (in_exchange.ours.recv(10), in_exchange.ours.gone) == (b"", True)


def test_end_between_requests_is_an_end(connected):
    connected.theirs.close()
    assert (connected.ours.recv(10), connected.ours.gone) == (b"", False)


@pytest.mark.parametrize("name", ["recv", "sendall"])
def test_broken_connection_is_the_clients(in_exchange, name):
    in_exchange.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    in_exchange.theirs.close()
    with pytest.raises(ClientGone) as raised:
        getattr(in_exchange.ours, name)(10 if name == "recv" else b"x")
    assert isinstance(raised.value.__cause__, OSError)


def test_time_out_of_the_application_stays_its_own(in_exchange):
    with pytest.raises(gevent.Timeout) as raised, gevent.Timeout(0.01):
        in_exchange.ours.recv(10)
    assert raised.type is gevent.Timeout
    assert in_exchange.reports == []


def test_drain_ends_a_wait(in_exchange):
    in_exchange.ours.begin_exchange()
    gevent.spawn_later(0.01, in_exchange.ours.give_up)
    with pytest.raises(ClientTooSlow):
        in_exchange.ours.recv(10)
    assert in_exchange.reports == [("203.0.113.7", "drain")]


def test_server_that_works_does_not_wait_for_its_client(in_exchange):
    in_exchange.ours.give_up()
    assert (in_exchange.ours.waits_for_client, in_exchange.reports) == (False, [])


def test_connection_that_the_app_took_over_has_no_bounds(in_exchange):
    in_exchange.ours.hand_over()
    gevent.spawn_later(0.3, in_exchange.theirs.sendall, b"c")
    assert (in_exchange.ours.recv(1), in_exchange.ours.waits_for_client) == (b"c", True)
    in_exchange.ours.sendall(b"d")
    assert (in_exchange.theirs.recv(1), in_exchange.reports) == (b"d", [])


def test_receive_without_waiting_is_left_alone(connected):
    connected.ours.settimeout(0.0)
    with pytest.raises(BlockingIOError):
        connected.ours.recv(1)


def test_duplicate_is_an_ordinary_socket(connected):
    with connected.ours.dup() as duplicate:
        duplicate.sendall(b"a")
    assert (type(duplicate), connected.theirs.recv(1)) == (gevent_socket.socket, b"a")


@pytest.fixture
def served(in_exchange):
    """A connection in an exchange whose request has a record."""
    request = record()
    set_current_record(request)
    yield in_exchange, request
    set_current_record(None)


def open_wait_of(request):
    """Wait for the record to have a wait; returns its phase and its text."""
    with gevent.Timeout(30):
        while not request.open_waits:
            gevent.sleep(0.001)
    (wait,) = request.open_waits
    return wait.phase, str(wait.subject)


def test_wait_for_a_body_is_named(served):
    connection, request = served
    connection.ours.begin_exchange(lambda: 42)
    seen = gevent.spawn(open_wait_of, request)
    gevent.spawn_later(0.05, connection.theirs.sendall, b"calm")
    assert connection.ours.recv(10) == b"calm"
    assert seen.get(timeout=30) == ("client_read", "42 bytes of the body from 203.0.113.7")
    assert (request.open_waits, list(request.phase_seconds)) == ([], ["client_read"])


def test_wait_for_a_reader_is_named(served):
    connection, request = served

    def read():
        found = open_wait_of(request)
        size = 0
        while size < 8 * MEBIBYTE:
            size += len(connection.theirs.recv(MEBIBYTE))
        return found

    reader = gevent.spawn(read)
    connection.ours.delivery.begin_response()
    connection.ours.sendall(bytes(8 * MEBIBYTE))
    phase, text = reader.get(timeout=30)
    found = re.fullmatch(r"203\.0\.113\.7 to read: (\d+) bytes sent, (\d+) wait", text)
    assert (phase, list(request.phase_seconds)) == ("client_write", ["client_write"])
    assert connection.ours.delivery.waited
    # Read once more is sent, which is more than had been at the time.
    assert int(found[2]) <= 8 * MEBIBYTE - int(found[1]) + MEBIBYTE


def test_nothing_is_a_wait_where_nothing_waits(served):
    connection, request = served
    connection.theirs.sendall(b"calm")
    gevent.sleep(0.05)
    assert connection.ours.recv(10) == b"calm"
    connection.ours.sendall(b"calm")
    assert (request.open_waits, request.phase_seconds) == ([], {})


def test_wait_that_ends_with_an_exception_ends(served):
    connection, request = served
    with pytest.raises(ClientTooSlow):
        connection.ours.recv(10)
    assert (request.open_waits, list(request.phase_seconds)) == ([], ["client_read"])


def test_kernel_stamps_what_arrives_on_tcp(connected):
    # It begins a moment after the first socket of the whole machine has asked for it.
    gevent.sleep(0.2)
    before = time.time_ns()
    connected.theirs.sendall(b"GET")
    gevent.sleep(0.05)
    assert connected.ours.recv(10) == b"GET"
    arrival = connected.ours.arrival
    assert before - 1_000_000 <= arrival.stamp_ns < time.time_ns() - 40_000_000
    connected.theirs.sendall(b" / HTTP/1.1")
    assert connected.ours.recv_into(bytearray(20)) == 11
    assert arrival.last_stamp_ns > arrival.stamp_ns


def test_what_the_kernel_holds_is_known_until_it_is_read(in_exchange):
    in_exchange.ours.delivery.begin_response()
    in_exchange.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    in_exchange.ours._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MEBIBYTE)
    sent = in_exchange.ours.send(bytes(MEBIBYTE))
    in_exchange.ours.delivery.sent_bytes += sent
    assert 0 < in_exchange.ours.delivery.unsent_bytes <= sent
