"""Stamps of the kernel on the monotonic clock, whatever the wall clock does."""

import os
import socket
import time

import pytest

from telemetry.phases.received import ReceiveStamps, WallClock
from tests.support.polling import wait_until

SECOND = 1_000_000_000


class Clocks:
    """Two clocks that a test moves; each reading takes ``reading_ns``."""

    def __init__(self):
        self.monotonic_ns = 5 * SECOND
        self.offset_ns = 1_700_000_000 * SECOND
        self.reading_ns = 100

    def clock_ns(self):
        self.monotonic_ns += self.reading_ns
        return self.monotonic_ns

    def unix_ns(self):
        return self.monotonic_ns + self.offset_ns


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def wall(clocks):
    return WallClock(clocks.unix_ns, clocks.clock_ns)


def test_a_stamp_is_brought_to_the_monotonic_clock(clocks, wall):
    stamp = clocks.unix_ns() - 1000
    expected = clocks.monotonic_ns - 1000
    assert abs(wall.monotonic(stamp, 0) - expected) <= 2 * clocks.reading_ns


@pytest.mark.parametrize("step_seconds", [3600, -3600, 1, -1])
def test_stamps_from_before_a_step_of_the_wall_clock_are_dropped(clocks, wall, step_seconds):
    waited_ns = clocks.monotonic_ns
    stamp = clocks.unix_ns()
    clocks.offset_ns += step_seconds * SECOND
    assert wall.monotonic(stamp, waited_ns) is None
    assert wall.monotonic(stamp, waited_ns) is None
    later_ns = clocks.clock_ns()
    again = wall.monotonic(clocks.unix_ns(), later_ns)
    assert abs(again - later_ns) < 10 * clocks.reading_ns


def test_a_clock_that_is_slewed_keeps_its_stamps(clocks, wall):
    for _ in range(10):
        clocks.monotonic_ns += 60 * SECOND
        clocks.offset_ns += 60 * SECOND // 2000
        assert wall.monotonic(clocks.unix_ns(), 0) is not None


@pytest.fixture
def stamps():
    found = ReceiveStamps()
    found.start()
    yield found
    found.stop()


def test_a_socket_is_asked_when_its_bytes_came_and_loses_none(stamps):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
    with client, connection:
        before_ns = time.perf_counter_ns()
        client.sendall(b"hello")
        after_ns = time.perf_counter_ns()
        time.sleep(0.05)
        received_ns = stamps.received_ns(connection.fileno(), before_ns)
        assert before_ns - 1_000_000 <= received_ns <= after_ns + 20_000_000
        assert connection.recv(10) == b"hello"
        assert stamps.received_ns(connection.fileno(), before_ns) is None
        client.sendall(b"again")
        wait_until(lambda: stamps.received_ns(connection.fileno(), before_ns))
        assert connection.recv(10) == b"again"


def test_what_is_no_tcp_socket_has_no_stamp_and_stays_open(stamps):
    one, other = socket.socketpair()
    reading, writing = os.pipe()
    with one, other:
        other.sendall(b"x")
        assert stamps.received_ns(one.fileno(), 0) is None
        assert one.recv(1) == b"x"
    assert stamps.received_ns(reading, 0) is None
    os.write(writing, b"y")
    assert os.read(reading, 1) == b"y"
    os.close(reading)
    os.close(writing)
    assert stamps.received_ns(reading, 0) is None
