"""Waits for locks, events and queues against known holds, on a hub that is busy meanwhile."""

import threading
import time
from contextlib import suppress
from functools import partial

import gevent
import pytest
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.queue import Queue

from tests.telemetry.phases.serving import burn

NOISE = 0.08
"""Seconds by which a test's own clocks may be read late; what is planted is several times that."""


class Times:
    """When a wait began, when what it waited for was handed on, and when it ended; seconds."""

    def wait(self, wait):
        self.began = time.perf_counter()
        wait()
        self.ended = time.perf_counter()

    def hand_on(self, hand_on):
        self.handed_on = time.perf_counter()
        hand_on()


def in_vain_for_an_event():
    with gevent.Timeout(0.1, False):
        Event().wait()


def in_vain_for_a_lock():
    lock = Semaphore(0)
    assert not lock.acquire(timeout=0.1)


def killed_at_a_queue():
    gevent.spawn_later(0.1, gevent.kill, gevent.getcurrent(), TimeoutError)
    with suppress(TimeoutError):
        Queue().get()


@pytest.mark.slow
@pytest.mark.parametrize("work", [in_vain_for_an_event, in_vain_for_a_lock, killed_at_a_queue])
def test_a_wait_for_a_lock_that_is_in_vain_is_lock(server, work):
    times = Times()
    phases = server.run(partial(times.wait, work)).phase_seconds
    # Nobody knows when a timeout was due in a turn in which this process was suspended.
    waited = times.ended - times.began
    assert phases["lock"] + phases["hub_wait"] == pytest.approx(waited, abs=NOISE)
    assert (phases["lock"] > 0.02, "other" in phases) == (True, False)


def a_semaphore():
    lock = Semaphore(0)
    return lock.release, lock.acquire


def an_event():
    event = Event()
    return event.set, event.wait


def a_queue():
    queue = Queue()
    return partial(queue.put, 1), queue.get


def a_patched_lock():
    lock = threading.Lock()
    lock.acquire()
    return lock.release, lock.acquire


@pytest.mark.slow
@pytest.mark.parametrize("make", [a_semaphore, an_event, a_queue, a_patched_lock])
def test_a_lock_is_handed_on_when_its_holder_gives_it_up_in_a_long_turn(server, make):
    hand_on, wait = make()
    times = Times()

    def hold():
        gevent.sleep(0.01)
        burn(0.25)
        times.hand_on(hand_on)
        burn(0.1)

    waiter, holder = server.serve(partial(times.wait, wait), hold)
    held, late = times.handed_on - times.began, times.ended - times.handed_on
    assert waiter.phase_seconds["lock"] == pytest.approx(held, abs=NOISE)
    assert waiter.phase_seconds["hub_wait"] == pytest.approx(late, abs=NOISE)
    assert "lock" not in holder.phase_seconds


@pytest.mark.slow
@pytest.mark.parametrize("make", [a_semaphore, an_event, a_queue])
def test_a_lock_of_another_request_is_lock_though_an_own_child_ended_in_the_turn(server, make):
    hand_on, wait = make()
    times = Times()

    def want():
        gevent.spawn(gevent.sleep, 0.1)
        times.wait(wait)

    def hold():
        gevent.sleep(0.09)
        burn(0.02)
        gevent.sleep(0)
        times.hand_on(hand_on)

    waiter, _ = server.serve(want, hold)
    held = times.handed_on - times.began
    assert waiter.phase_seconds["lock"] == pytest.approx(held, abs=NOISE)
    assert "sleep" not in waiter.phase_seconds
