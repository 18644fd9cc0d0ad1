"""The pool's gauges are what the operating system sees, under load, after kills and after failures."""

import contextlib
import gc

import gevent
import greenlet
import pymongo
import pytest
from gevent import monkey
from prometheus_client import generate_latest
from pymongo import monitoring
from pymongo.errors import AutoReconnect, PyMongoError, WaitQueueTimeoutError

from telemetry.mongo import PoolSnapshot
from telemetry.requests.record import set_current_record
from tests.telemetry.mongo.conftest import (
    MONITORS,
    eventually,
    functions,
    hold,
    pool_of,
    sockets_to,
)
from tests.telemetry.records import record

POOL_SIZE = 10
CLIENTS = 40
INSTANTS = 10

# pymongo leaves the socket of a greenlet that is killed while it connects to the garbage collector.
kills_many = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


class Watched(monitoring.ConnectionPoolListener):
    """Keeps the names of events, and hands them on; says in which greenlet it is doing so."""

    def __init__(self, listener):
        self.listener = listener
        self.inside = None
        self.names = []

    def __getattribute__(self, name):
        if not name.startswith(("pool_", "connection_")):
            return object.__getattribute__(self, name)

        def hand_on(event):
            self.names.append(name)
            if self.listener is not None:
                self.inside = gevent.getcurrent()
                getattr(self.listener, name)(event)
                self.inside = None

        return hand_on


def read_for_ever(client):
    while True:
        with contextlib.suppress(
            AutoReconnect, WaitQueueTimeoutError
        ):  # a test may stop the server
            client.test.pool.find_one({"_id": 1})


@kills_many
def test_gauges_are_the_sockets_under_load_and_go_back_to_none(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri, maxPoolSize=POOL_SIZE)
    clients = [gevent.spawn(read_for_ever, client) for _ in range(CLIENTS)]
    eventually(lambda: observed.pool()[:3] == (POOL_SIZE, 0, 0))
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
    eventually(
        lambda: idle == sockets_to(own_mongodb.port) - MONITORS
    )  # gevent closes a socket in the hub's next turn


@kills_many
def test_killed_holders_and_waiters_leave_nothing(observed, mongodb_uri):
    pool = pool_of(observed.connect(mongodb_uri, maxPoolSize=2))
    holders = [hold(pool) for _ in range(2)]
    eventually(lambda: observed.pool() == (2, 0, 0, 0))
    waiters = [hold(pool) for _ in range(3)]
    eventually(lambda: observed.pool() == (2, 0, 0, 3))
    gevent.killall(waiters)
    assert observed.pool() == (2, 0, 0, 0)
    gevent.killall(holders)
    assert observed.pool() == (0, 2, 0, 0)


@kills_many
def test_connection_whose_holder_was_killed_in_check_in_is_idle(observed, own_mongodb):
    # gevent's lock yields inside notify(), so a kill can strike there: the pool has its connection
    # back, and emits no event.
    heard = Watched(None)
    client = observed.connect(own_mongodb.uri, maxPoolSize=1, also=[heard])
    pool_of(client)
    heard.names.clear()
    victim = gevent.spawn(client.test.pool.find_one, {"_id": 1})
    while "notify" not in functions(victim) or "checkin" not in functions(victim):
        assert not victim.dead
        gevent.sleep(0)
    victim.kill()
    assert heard.names == ["connection_check_out_started", "connection_checked_out"]
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
    eventually(lambda: observed.pool()[0] == 1)
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
    assert list(request.waits) == ["db_pool_wait"]
    assert 0.04 < request.waits["db_pool_wait"] < 60
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
    eventually(lambda: observed.pool()[0] == 1)
    waiter = gevent.spawn(serve)
    eventually(lambda: observed.pool()[3] == 1)
    gevent.sleep(0.02)
    waiter.kill()
    holder.kill()
    assert list(request.waits) == ["db_pool_wait"]
    assert 0.01 < request.waits["db_pool_wait"] < 60


def test_times_of_connections_are_observed(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    for _ in range(3):
        client.admin.command("ping")
    counts = {
        part: list(observed.series(f"db_client_connection_{part}_time_seconds_count").values())
        for part in ("wait", "use", "create")
    }
    assert counts == {"wait": [3.0], "use": [3.0], "create": [1.0]}


def test_limits_are_shown_with_the_defaults_filled_in(observed, mongodb_uri):
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


def test_connection_that_is_out_when_its_client_is_closed_is_shown_until_it_is_back(
    observed, mongodb_uri
):
    client = observed.connect(mongodb_uri)
    holder = hold(pool_of(client))
    eventually(lambda: observed.pool()[0] == 1)
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
    eventually(lambda: cleared() == {"operation": 1.0, "heartbeat_timeout": 1.0})
    own_mongodb.thaw()
    pool_of(client)
    own_mongodb.stop()
    eventually(lambda: cleared() == {"operation": 1.0, "heartbeat_timeout": 1.0, "heartbeat": 1.0})
    assert observed.telemetry.pools() == (
        PoolSnapshot(name, used=0, idle=0, establishing=0, pending=0),
    )


@kills_many
def test_no_event_yields_also_while_a_thread_scrapes(observed, own_mongodb):
    [listener, commands] = observed.telemetry.listeners()
    watched = Watched(listener)
    yielded, scrapes, wrong, stop = [], [], [], []

    def switched(event, arguments):
        if watched.inside is not None and arguments[0] is watched.inside:
            yielded.append(event)

    def scrape():
        while not stop:
            try:
                generate_latest(observed.metrics.registry)
                [pool] = observed.telemetry.pools() or [PoolSnapshot("", 0, 0, 0, 0)]
                # Idle ones that a reset closes are told one after the other, while others are made
                # already.
                if pool.used + pool.establishing > 3:
                    wrong.append(pool)
                scrapes.append(pool)
            except Exception as error:
                wrong.append(error)
        ended.release()

    ended = monkey.get_original("_thread", "allocate_lock")()
    ended.acquire()
    client = pymongo.MongoClient(
        own_mongodb.uri,
        event_listeners=[watched, commands],
        maxPoolSize=3,
        waitQueueTimeoutMS=300,
        serverSelectionTimeoutMS=300,
    )
    previous = greenlet.settrace(switched)
    try:
        monkey.get_original("_thread", "start_new_thread")(scrape, ())
        clients = [gevent.spawn(read_for_ever, client) for _ in range(12)]
        eventually(lambda: len(scrapes) > 20 and watched.names.count("connection_checked_in") > 20)
        gevent.killall(clients[:6])
        own_mongodb.stop()
        gevent.joinall(clients, timeout=0.5)
        gevent.killall(clients)
        client.close()
    finally:
        stop.append(True)
        greenlet.settrace(previous)
    eventually(lambda: ended.acquire(blocking=False))
    assert yielded == []
    assert wrong == []
    assert {
        "pool_cleared",
        "pool_ready",
        "pool_closed",
        "connection_closed",
        "connection_checked_in",
    } <= set(watched.names)
