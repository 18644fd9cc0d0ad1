"""pymongo's pool under our conditions: no other greenlet runs while its lock is held, one that was
woken comes first, and no wake-up is lost. Where the pool is not as expected it stays as it is.
"""

import threading

import gevent
import greenlet
import pytest

from telemetry.mongo import pool_condition
from telemetry.mongo.pool_condition import PoolCondition
from tests.support.polling import wait_until
from tests.telemetry.mongo.conftest import YIELDING, functions, hold, pool_of

COMMANDS = 20


def switches_under_lock(pool, work):
    """Count the switches between greenlets while the pool's lock is held."""
    switches = []

    def switched(event, arguments):
        if pool.lock.locked():
            switches.append(event)

    previous = greenlet.settrace(switched)
    try:
        work()
    finally:
        greenlet.settrace(previous)
    return len(switches)


def ping(client):
    def work():
        for _ in range(COMMANDS):
            client.admin.command("ping")

    return work


def test_no_other_greenlet_runs_under_the_lock(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    assert switches_under_lock(pool_of(client), ping(client)) == 0


@YIELDING
def test_pool_of_pymongo_runs_others_twice_at_each_check_in(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    pool = pool_of(client)
    assert type(pool.size_cond) is threading.Condition
    # Away and back, at two notifications: when this fails, the cure may no longer be needed.
    assert switches_under_lock(pool, ping(client)) >= 4 * COMMANDS


def test_who_was_woken_gets_the_connection_before_the_one_that_returned_it(observed, mongodb_uri):
    pool = pool_of(observed.connect(mongodb_uri, maxPoolSize=1))
    turns = []

    def take(name):
        for _ in range(3):
            with pool.checkout():
                turns.append(name)
                gevent.sleep(0)

    gevent.joinall([gevent.spawn(take, name) for name in "abc"], raise_error=True)
    assert turns == list("abcabcabc")


def test_wake_up_of_a_waiter_that_is_killed_goes_to_the_next(observed, mongodb_uri):
    pool = pool_of(observed.connect(mongodb_uri, maxPoolSize=1))
    holder = hold(pool)
    wait_until(lambda: observed.pool()[0] == 1)
    first, second = hold(pool), hold(pool)
    wait_until(lambda: observed.pool()[3] == 2)
    gevent.killall([holder, first], block=False)  # in that order, before the first one runs
    wait_until(lambda: "sleep" in functions(second)[:1])
    assert observed.pool() == (1, 0, 0, 0)
    second.kill()


def test_release_gives_the_standard_conditions_back(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    pool = pool_of(client)
    assert type(pool.size_cond) is type(pool._max_connecting_cond) is PoolCondition
    pool_condition.release(pool)
    assert type(pool.size_cond) is type(pool._max_connecting_cond) is threading.Condition
    client.admin.command("ping")


class Another(threading.Condition):
    """A condition that is not the standard library's."""


@pytest.mark.parametrize(
    "changed",
    [
        {"size_cond": None},
        {"size_cond": Another(threading.Lock())},
        {"_max_connecting_cond": threading.Condition(threading.Lock())},
        {"lock": threading.RLock()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_pool_that_is_not_as_expected_is_left_alone(observed, changed):
    class Pool:
        def __init__(self):
            self.lock = threading.Lock()
            self.size_cond = threading.Condition(self.lock)
            self._max_connecting_cond = threading.Condition(self.lock)

    pool = Pool()
    vars(pool).update(changed)
    before = {name: type(value) for name, value in vars(pool).items()}
    assert not pool_condition.adopt(pool, "a connection", observed.telemetry._guard)
    assert {name: type(value) for name, value in vars(pool).items()} == before
