"""A wait ends by its event or its time, whatever timers earlier waits have left."""

import contextlib
import time

import gevent
import pytest
from gevent import socket as gevent_socket
from gevent.exceptions import ConcurrentObjectUseError

from telemetry.server.bounded_wait import BoundedWait


@pytest.fixture
def pair():
    ours, theirs = gevent_socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def wait():
    wait = BoundedWait(gevent.get_hub())
    yield wait
    wait.close()


def ended(wait, event, seconds):
    """Wait; returns after how long it ended."""
    began = time.monotonic()
    wait.until(event, seconds, began)
    return time.monotonic() - began


def test_wait_ends_by_its_event(pair, wait):
    gevent.spawn_later(0.01, pair[1].sendall, b"a")
    assert ended(wait, pair[0]._read_event, 60) < 30
    assert pair[0].recv(1) == b"a"


@pytest.mark.parametrize("earlier", [0.01, 0.06, 60])
def test_wait_ends_in_its_time_whatever_the_one_before(pair, wait, earlier):
    pair[1].sendall(b"a")
    wait.until(pair[0]._read_event, earlier, time.monotonic())
    pair[0].recv(1)
    assert 0.05 <= ended(wait, pair[0]._read_event, 0.05) < 30


def test_timer_of_a_wait_that_ended_disturbs_no_other(pair, wait):
    pair[1].sendall(b"a")
    wait.until(pair[0]._read_event, 0.01, time.monotonic())
    gevent.sleep(0.02)
    gevent.spawn_later(0.02, pair[1].sendall, b"b")
    pair[0].recv(1)
    wait.until(pair[0]._read_event, 60, time.monotonic())
    assert pair[0].recv(1) == b"b"


def test_exception_of_another_greenlet_ends_a_wait(pair, wait):
    waiting = gevent.spawn(wait.until, pair[0]._read_event, 60, time.monotonic())
    gevent.sleep(0)
    gevent.kill(waiting, ZeroDivisionError)
    waiting.join(timeout=30)
    assert (type(waiting.exception), wait.greenlet) == (ZeroDivisionError, None)


def test_two_greenlets_may_wait_for_different_events_and_each_in_its_time(pair, wait):
    pair[0].setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            pair[0].send(bytes(65_536))
    reading = gevent.spawn(ended, wait, pair[0]._read_event, 0.1)
    writing = gevent.spawn(ended, wait, pair[0]._write_event, 0.05)
    assert 0.05 <= writing.get(timeout=30) <= reading.get(timeout=30)
    assert reading.value >= 0.1


def test_two_greenlets_must_not_wait_for_the_same(pair, wait):
    first = gevent.spawn(wait.until, pair[0]._read_event, 60, time.monotonic())
    gevent.sleep(0)
    with pytest.raises(ConcurrentObjectUseError):
        wait.until(pair[0]._read_event, 60, time.monotonic())
    first.kill()


def test_wait_for_no_time_ends_at_once(pair, wait):
    assert ended(wait, pair[0]._read_event, 0.0) < 30
