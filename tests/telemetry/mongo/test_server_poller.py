"""The poller checks the server in the background, at its interval, through a client of its own."""

import time

import gevent
import psutil
import pymongo
import pytest

from telemetry.guard import Guard
from telemetry.mongo.private_client import private_client
from telemetry.mongo.server_check import DRIVER_SHARE
from telemetry.mongo.server_poller import CHECK_SHARE, ServerPoller
from tests.machine import Slowness
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.telemetry.mongo.conftest import (
    INTERVAL_SECONDS,
    MONITORS,
    hold,
    pool_of,
    server_series,
    sockets_to,
)


def next_check(observed):
    """Wait for the check after the present one."""
    before = observed.telemetry.last_check
    wait_until(lambda: observed.telemetry.last_check is not before)
    return observed.telemetry.last_check


def first_check(observed, up):
    """Wait for a check with that result; returns it and the seconds, less those of the machine."""
    with Slowness() as machine:
        began = time.monotonic()
        wait_until(
            lambda: (
                observed.telemetry.last_check is not None and observed.telemetry.last_check.up is up
            )
        )
        return observed.telemetry.last_check, time.monotonic() - began - machine.seconds


def test_hung_server_is_down_with_fresh_checks_and_up_again_by_itself(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri)
    observed.telemetry.watch(client)
    check, _ = first_check(observed, True)
    assert server_series(observed) == {
        ("mongodb_up",): 1.0,
        ("mongodb_ping_seconds",): check.ping_seconds,
        ("mongodb_evidence_timestamp_seconds",): check.at_unix_seconds,
    }
    own_mongodb.freeze()
    check, seconds = first_check(observed, False)
    assert seconds < 2 * INTERVAL_SECONDS + 1
    for _ in range(3):
        with Slowness() as machine:
            again = next_check(observed)
        assert server_series(observed) == {
            ("mongodb_up",): 0.0,
            ("mongodb_evidence_timestamp_seconds",): again.at_unix_seconds,
        }
        assert (
            0
            < again.at_unix_seconds - check.at_unix_seconds - machine.seconds
            < 2 * INTERVAL_SECONDS + 1
        )
        assert observed.telemetry.last_error == again.error != ""
        check = again
    own_mongodb.thaw()
    first_check(observed, True)
    assert observed.telemetry.last_error == ""


def test_stopped_server_is_down_and_up_again_by_itself(observed, own_mongodb):
    observed.telemetry.watch(observed.connect(own_mongodb.uri))
    first_check(observed, True)
    own_mongodb.stop()
    check, seconds = first_check(observed, False)
    assert seconds < 2 * INTERVAL_SECONDS + 1
    assert check.error.startswith(f"AutoReconnect: 127.0.0.1:{own_mongodb.port}: ")
    own_mongodb.start()
    first_check(observed, True)


def test_server_that_was_never_there_is_down(observed):
    client = observed.connect(f"mongodb://user:secret@127.0.0.1:{free_port()}", connect=False)
    observed.telemetry.watch(client)
    check, _ = first_check(observed, False)
    assert check.ping_seconds is None
    assert "Connection refused" in check.error
    assert "secret" not in check.error


def test_exhausted_pool_does_not_make_the_server_down(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri, maxPoolSize=1)
    holder = hold(pool_of(client))
    waiter = hold(client._topology._servers[("127.0.0.1", own_mongodb.port)].pool)
    wait_until(lambda: observed.pool() == (1, 0, 0, 1))
    before = sockets_to(own_mongodb.port)
    observed.telemetry.watch(client)
    first_check(observed, True)
    assert next_check(observed).up
    assert observed.pool() == (1, 0, 0, 1)
    # Of its own: one for the checks, and one for its monitor's heartbeats.
    assert sockets_to(own_mongodb.port) - before == 1 + MONITORS
    gevent.killall([holder, waiter])
    observed.telemetry.stop()
    wait_until(lambda: sockets_to(own_mongodb.port) == before)


def test_checks_are_in_no_traces_or_durations(observed, mongodb_uri):
    observed.telemetry.watch(observed.connect(mongodb_uri, connect=False))
    first_check(observed, True)
    next_check(observed)
    assert observed.exporter.get_finished_spans() == ()
    assert observed.series("db_client_operation_duration_seconds_count") == {}
    assert observed.telemetry.pools() == ()


def test_stop_does_not_wait_for_a_hung_server(observed, own_mongodb):
    observed.telemetry.watch(observed.connect(own_mongodb.uri))
    first_check(observed, True)
    own_mongodb.freeze()
    began = time.monotonic()
    observed.telemetry.stop()
    assert time.monotonic() - began < 30
    check = observed.telemetry.last_check
    gevent.sleep(2 * INTERVAL_SECONDS)
    assert observed.telemetry.last_check is check
    own_mongodb.thaw()


def test_poller_may_start_again(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    for _ in range(2):
        observed.telemetry.watch(client)
        next_check(observed)
        observed.telemetry.stop()
    assert observed.telemetry.last_check.up


@pytest.mark.slow
def test_checks_come_at_the_interval_whatever_each_took():
    now, pauses, errors = [100.0], [], []

    def pause(seconds):
        pauses.append(seconds)
        now[0] += seconds
        if len(pauses) == 3:
            poller._stopped.set()

    def take(seconds):
        now[0] += seconds

    def fail():
        raise ValueError

    poller = ServerPoller(
        0.5,
        Guard(strict=False, on_error=errors.append),
        clock=lambda: now[0],
        unix_time=lambda: 7.0,
        pause=pause,
    )
    poller.on_check += [fail, lambda: take(len(pauses) * 0.4)]
    client = pymongo.MongoClient(
        f"mongodb://127.0.0.1:{free_port()}", connect=False
    )  # refuses, while the injected clock stands still
    poller._run(client)
    client.close()
    assert pauses == pytest.approx([0.5, 0.1, 0.0])
    assert errors == ["mongo.on_look"] * 3
    assert (poller.last_check.at_unix_seconds, poller.last_check.up) == (7.0, False)


def test_client_of_the_layer_reaches_the_server_in_the_same_way_and_is_bounded():
    given = pymongo.MongoClient(
        "mongodb://user:pa%2Fss@db1:1,db2:2/app?replicaSet=rs0&authSource=users&tls=true&maxPoolSize=50&minPoolSize=10"
        "&readPreference=secondaryPreferred",
        timeoutMS=100,
        waitQueueTimeoutMS=20,
        connect=False,
    )
    made = private_client(given, 5.0 * CHECK_SHARE * DRIVER_SHARE, 5.0)
    options, pool = made.options, made.options.pool_options
    bound = 5.0 * CHECK_SHARE * DRIVER_SHARE
    assert made._topology_settings.seeds == {("db1", 1), ("db2", 2)}
    assert (options.replica_set_name, made.read_preference) == ("rs0", given.read_preference)
    assert pool._credentials == given.options.pool_options._credentials
    assert pool._ssl_context is not None
    assert (pool.max_pool_size, pool.min_pool_size) == (1, 0)
    assert (
        options.server_selection_timeout,
        pool.connect_timeout,
        pool.socket_timeout,
        pool.wait_queue_timeout,
    ) == (bound,) * 4
    assert (options.timeout, options.retry_reads, options.server_monitoring_mode) == (
        None,
        False,
        "poll",
    )
    assert (options.event_listeners, options.heartbeat_frequency) == ([], 5.0)
    given.close()
    made.close()


def test_failure_to_begin_does_not_stop_the_start(observed):
    observed.telemetry.watch(None)
    assert observed.errors == ["mongo.watch"]
    observed.errors.clear()


def test_no_socket_is_left_behind(observed, own_mongodb):
    before = psutil.Process().num_fds()
    client = pymongo.MongoClient(own_mongodb.uri)
    observed.telemetry.watch(client)
    first_check(observed, True)
    observed.telemetry.stop()
    client.close()
    wait_until(lambda: psutil.Process().num_fds() <= before)
