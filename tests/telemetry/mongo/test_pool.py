"""The pool's gauges equal the operating system's sockets, under load, after kills and failures."""

import gc

import gevent
import pymongo
import pytest
from prometheus_client import generate_latest
from pymongo.errors import PyMongoError, WaitQueueTimeoutError

from telemetry.mongo import PoolSnapshot
from telemetry.requests.record import set_current_record
from tests.support.polling import wait_until
from tests.telemetry.mongo.conftest import (
    MONITORS,
    YIELDING,
    functions,
    hold,
    pool_of,
    sockets_to,
)
from tests.telemetry.mongo.pools import RecordingListener, kills_many, read_for_ever
from tests.telemetry.records import record

POOL_SIZE = 10
CLIENTS = 40
INSTANTS = 10


@kills_many
def test_gauges_are_the_sockets_under_load_and_go_back_to_none(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri, maxPoolSize=POOL_SIZE)
    clients = [gevent.spawn(read_for_ever, client) for _ in range(CLIENTS)]
    wait_until(lambda: observed.pool()[:3] == (POOL_SIZE, 0, 0))
    for _ in range(INSTANTS):
        gevent.sleep(0.02)
        used, idle, establishing, pending = observed.pool()
        assert used + idle + establishing == sockets_to(own_mongodb.port) - MONITORS
        assert pending == sum("_get_conn" in functions(each) for each in clients)
        assert pending > 0
    gevent.killall(clients[: CLIENTS // 2])
    clients = clients[CLIENTS // 2 :]
    assert observed.pool()[3] == sum("_get_conn" in functions(each) for each in clients)
    gevent.killall(clients)
    clients.clear()
    gc.collect()  # a greenlet that was killed while it connected keeps its socket in its traceback
    used, idle, establishing, pending = observed.pool()
    assert (used, establishing, pending) == (0, 0, 0)
    wait_until(
        lambda: idle == sockets_to(own_mongodb.port) - MONITORS
    )  # gevent closes a socket in the hub's next turn


@kills_many
def test_killed_holders_and_waiters_leave_nothing(observed, mongodb_uri):
    pool = pool_of(observed.connect(mongodb_uri, maxPoolSize=2))
    holders = [hold(pool) for _ in range(2)]
    wait_until(lambda: observed.pool() == (2, 0, 0, 0))
    waiters = [hold(pool) for _ in range(3)]
    wait_until(lambda: observed.pool() == (2, 0, 0, 3))
    gevent.killall(waiters)
    assert observed.pool() == (2, 0, 0, 0)
    gevent.killall(holders)
    assert observed.pool() == (0, 2, 0, 0)


@kills_many
@YIELDING
def test_connection_whose_holder_was_killed_in_check_in_is_idle(observed, own_mongodb):
    # The pool has its connection back, and emits no event.
    recorded = RecordingListener(None)
    client = observed.connect(own_mongodb.uri, maxPoolSize=1, also=[recorded])
    pool_of(client)
    recorded.names.clear()
    victim = gevent.spawn(client.test.pool.find_one, {"_id": 1})
    while "notify" not in functions(victim) or "checkin" not in functions(victim):
        assert not victim.dead
        gevent.sleep(0)
    victim.kill()
    assert recorded.names == ["connection_check_out_started", "connection_checked_out"]
    assert observed.pool() == (0, 1, 0, 0)
    assert sockets_to(own_mongodb.port) - MONITORS == 1
    client.admin.command("ping")
    assert observed.pool() == (0, 1, 0, 0)


def test_timeout_of_a_waiter_is_counted_and_on_the_request(observed, mongodb_uri):
    client = pymongo.MongoClient(
        mongodb_uri,
        event_listeners=observed.telemetry.listeners(),
        maxPoolSize=1,
        waitQueueTimeoutMS=50,
    )
    pool = pool_of(client)
    [name] = [each.address for each in observed.telemetry.pools()]
    holder = hold(pool)
    wait_until(lambda: observed.pool()[0] == 1)
    request = record()

    def wait():
        set_current_record(request)
        client.admin.command("ping")

    with pytest.raises(WaitQueueTimeoutError):
        gevent.spawn(wait).get()
    holder.kill()
    assert (
        observed.value("db_client_connection_timeouts_total", db_client_connection_pool_name=name)
        == 1
    )
    assert list(request.phase_seconds) == ["db_pool_wait"]
    assert 0.04 < request.phase_seconds["db_pool_wait"] < 60
    client.close()


def test_wait_in_which_a_request_was_killed_is_on_the_request(observed, mongodb_uri):
    pool = pool_of(observed.connect(mongodb_uri, maxPoolSize=1))
    request = record()

    def serve():
        set_current_record(request)
        try:
            with pool.checkout():
                raise AssertionError("got a connection")
        finally:
            observed.telemetry.settle(request)

    holder = hold(pool)
    wait_until(lambda: observed.pool()[0] == 1)
    waiter = gevent.spawn(serve)
    wait_until(lambda: observed.pool()[3] == 1)
    gevent.sleep(0.02)
    waiter.kill()
    holder.kill()
    assert list(request.phase_seconds) == ["db_pool_wait"]
    assert 0.01 < request.phase_seconds["db_pool_wait"] < 60


def test_times_of_connections_are_observed(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    for _ in range(3):
        client.admin.command("ping")
    counts = {
        part: list(observed.series(f"db_client_connection_{part}_time_seconds_count").values())
        for part in ("wait", "use", "create")
    }
    assert counts == {"wait": [3.0], "use": [3.0], "create": [1.0]}


def test_limits_are_exposed_with_the_defaults_filled_in(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    pool_of(client)
    [pool] = observed.telemetry.pools()
    assert pool == PoolSnapshot(
        mongodb_uri.removeprefix("mongodb://"), used=0, idle=1, establishing=0, pending=0
    )
    assert observed.series("db_client_connection_max") == {(pool.address,): 100.0}
    assert observed.series("db_client_connection_idle_min") == {(pool.address,): 0.0}
    assert observed.series("db_client_connection_count") == {
        (pool.address, "used"): 0.0,
        (pool.address, "idle"): 1.0,
        (pool.address, "establishing"): 0.0,
    }
    assert observed.series("db_client_connection_pending_requests") == {(pool.address,): 0.0}


def test_clients_of_one_server_are_added_up_and_vanish_when_closed(observed, mongodb_uri):
    one = observed.connect(mongodb_uri, maxPoolSize=7, minPoolSize=1)
    other = observed.connect(mongodb_uri, maxPoolSize=5)
    pool_of(one)
    pool_of(other)
    name = mongodb_uri.removeprefix("mongodb://")
    assert observed.series("db_client_connection_max") == {(name,): 12.0}
    assert observed.series("db_client_connection_count")[name, "idle"] == 2.0
    one.close()
    assert observed.series("db_client_connection_max") == {(name,): 5.0}
    assert observed.series("db_client_connection_wait_time_seconds_count") == {
        (name,): 3.0
    }  # two pings, and an endSessions
    other.close()
    text = generate_latest(observed.metrics.registry).decode()
    assert [line for line in text.splitlines() if "pool_name" in line] == []


def test_pool_without_a_limit_has_no_maximum(observed, mongodb_uri):
    pool_of(observed.connect(mongodb_uri, maxPoolSize=0))
    assert observed.series("db_client_connection_max") == {}
    assert list(observed.series("db_client_connection_idle_min").values()) == [0.0]


def test_connection_in_use_when_its_client_is_closed_is_counted_until_it_is_back(
    observed, mongodb_uri
):
    client = observed.connect(mongodb_uri)
    holder = hold(pool_of(client))
    wait_until(lambda: observed.pool()[0] == 1)
    client.close()
    assert observed.pool() == (1, 0, 0, 0)
    holder.kill()
    assert observed.telemetry.pools() == ()


def test_pool_is_cleared_for_a_reason(observed, own_mongodb):
    client = observed.connect(
        own_mongodb.uri, heartbeatFrequencyMS=500, connectTimeoutMS=300, retryReads=False
    )
    name = own_mongodb.uri.removeprefix("mongodb://")

    def cleared():
        return {
            labels[1]: count
            for labels, count in observed.series("db_client_connection_cleared_total").items()
            if count
        }

    pool_of(client)
    own_mongodb.stop()
    with pytest.raises(PyMongoError):
        client.admin.command("ping")
    assert cleared() == {"operation": 1.0}
    own_mongodb.start()
    pool_of(client)
    own_mongodb.freeze()
    wait_until(lambda: cleared() == {"operation": 1.0, "heartbeat_timeout": 1.0})
    own_mongodb.thaw()
    pool_of(client)
    own_mongodb.stop()
    wait_until(lambda: cleared() == {"operation": 1.0, "heartbeat_timeout": 1.0, "heartbeat": 1.0})
    assert observed.telemetry.pools() == (
        PoolSnapshot(name, used=0, idle=0, establishing=0, pending=0),
    )
