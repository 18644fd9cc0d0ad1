"""What is known of the server is what the last look found, and how old it is; a server that fails
to answer is evidence too.
"""

import time

import gevent
import psutil
import pymongo
import pytest
from prometheus_client import generate_latest
from pymongo.errors import ServerSelectionTimeoutError

from telemetry.guard import Guard
from telemetry.mongo import Evidence
from telemetry.mongo.server_check import (
    DRIVER_SHARE,
    EvidenceCollector,
    ServerCounters,
    counters,
    look,
    told,
)
from telemetry.mongo.server_poller import LOOK_SHARE, Watch
from tests.machine import Slowness
from tests.mongodb import free_port
from tests.telemetry.mongo.conftest import (
    INTERVAL_SECONDS,
    MONITORS,
    eventually,
    hold,
    pool_of,
    sockets_to,
)

# The fields of a MongoDB 8 reply that matter, and two that do not.
SERVER_STATUS = {
    "host": "db:27017",
    "opcounters": {
        "insert": 1,
        "query": 2,
        "update": 3,
        "delete": 4,
        "getmore": 5,
        "command": 6,
        "deprecated": {"query": 1},
    },
    "network": {"bytesIn": 7, "bytesOut": 8, "physicalBytesIn": 9, "compression": {}},
    "connections": {"current": 10, "available": 11, "totalCreated": 12, "active": 13},
    "ok": 1.0,
}
COUNTED = ServerCounters(
    opcounters={
        "insert": 1.0,
        "query": 2.0,
        "update": 3.0,
        "delete": 4.0,
        "getmore": 5.0,
        "command": 6.0,
    },
    network_bytes={"receive": 7.0, "transmit": 8.0},
    connections={"current": 10.0, "available": 11.0, "active": 13.0},
)


def shown(observed):
    """Every series of the server, by name and labels."""
    families = observed.metrics.registry.collect()
    samples = [
        sample
        for family in families
        if family.name.startswith("mongodb_")
        for sample in family.samples
    ]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def next_look(observed):
    """The evidence of the look after the present one."""
    before = observed.telemetry.evidence
    eventually(lambda: observed.telemetry.evidence is not before)
    return observed.telemetry.evidence


def until(observed, up):
    """The first evidence that says so, and the seconds it took but for those that the machine took."""
    with Slowness() as machine:
        began = time.monotonic()
        eventually(
            lambda: observed.telemetry.evidence is not None and observed.telemetry.evidence.up is up
        )
        return observed.telemetry.evidence, time.monotonic() - began - machine.seconds


def test_nothing_is_known_before_the_first_look(observed):
    assert observed.telemetry.evidence is None
    assert observed.telemetry.last_error == ""
    assert shown(observed) == {}


def test_what_the_server_does_not_report_is_absent(observed, mongodb_uri):
    client = pymongo.MongoClient(mongodb_uri)
    evidence = look(client, 5.0, unix_time=lambda: 1700000000.5)
    client.close()
    assert evidence == Evidence(
        1700000000.5,
        up=True,
        ping_seconds=evidence.ping_seconds,
        error="",
        counters=ServerCounters(),
    )
    assert 0 < evidence.ping_seconds < 60
    assert [
        family.name for family in EvidenceCollector(lambda: evidence).collect() if family.samples
    ] == [
        "mongodb_up",
        "mongodb_evidence_timestamp_seconds",
        "mongodb_ping_seconds",
    ]


def test_server_s_own_numbers_are_those_it_reported():
    assert counters(SERVER_STATUS) == COUNTED
    assert (
        counters({"opcounters": None, "network": {"bytesIn": "7"}, "connections": {}})
        == ServerCounters()
    )


def test_server_s_own_numbers_are_shown_as_counters(observed):
    observed.telemetry._watch.evidence = Evidence(1.5, up=True, ping_seconds=0.25, counters=COUNTED)
    text = generate_latest(observed.metrics.registry).decode()
    assert [
        line for line in text.splitlines() if line.startswith(("mongodb_", "# TYPE mongodb_"))
    ] == [
        "# TYPE mongodb_up gauge",
        "mongodb_up 1.0",
        "# TYPE mongodb_evidence_timestamp_seconds gauge",
        "mongodb_evidence_timestamp_seconds 1.5",
        "# TYPE mongodb_ping_seconds gauge",
        "mongodb_ping_seconds 0.25",
        "# TYPE mongodb_server_connections gauge",
        'mongodb_server_connections{state="current"} 10.0',
        'mongodb_server_connections{state="available"} 11.0',
        'mongodb_server_connections{state="active"} 13.0',
        "# TYPE mongodb_opcounters_total counter",
        'mongodb_opcounters_total{type="insert"} 1.0',
        'mongodb_opcounters_total{type="query"} 2.0',
        'mongodb_opcounters_total{type="update"} 3.0',
        'mongodb_opcounters_total{type="delete"} 4.0',
        'mongodb_opcounters_total{type="getmore"} 5.0',
        'mongodb_opcounters_total{type="command"} 6.0',
        "# TYPE mongodb_network_bytes_total counter",
        'mongodb_network_bytes_total{direction="receive"} 7.0',
        'mongodb_network_bytes_total{direction="transmit"} 8.0',
    ]


def test_numbers_do_not_outlive_the_look_that_read_them(observed):
    observed.telemetry._watch.evidence = Evidence(2.5, up=False, error="AutoReconnect: gone")
    assert shown(observed) == {("mongodb_up",): 0.0, ("mongodb_evidence_timestamp_seconds",): 2.5}


def test_hung_server_is_down_with_fresh_evidence_and_up_again_by_itself(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri)
    observed.telemetry.watch(client)
    evidence, _ = until(observed, True)
    assert shown(observed) == {
        ("mongodb_up",): 1.0,
        ("mongodb_ping_seconds",): evidence.ping_seconds,
        ("mongodb_evidence_timestamp_seconds",): evidence.at_unix_seconds,
    }
    own_mongodb.freeze()
    evidence, seconds = until(observed, False)
    assert seconds < 2 * INTERVAL_SECONDS + 1
    for _ in range(3):
        with Slowness() as machine:
            again = next_look(observed)
        assert shown(observed) == {
            ("mongodb_up",): 0.0,
            ("mongodb_evidence_timestamp_seconds",): again.at_unix_seconds,
        }
        assert (
            0
            < again.at_unix_seconds - evidence.at_unix_seconds - machine.seconds
            < 2 * INTERVAL_SECONDS + 1
        )
        assert observed.telemetry.last_error == again.error != ""
        evidence = again
    own_mongodb.thaw()
    until(observed, True)
    assert observed.telemetry.last_error == ""


def test_stopped_server_is_down_and_up_again_by_itself(observed, own_mongodb):
    observed.telemetry.watch(observed.connect(own_mongodb.uri))
    until(observed, True)
    own_mongodb.stop()
    evidence, seconds = until(observed, False)
    assert seconds < 2 * INTERVAL_SECONDS + 1
    assert evidence.error.startswith(f"AutoReconnect: 127.0.0.1:{own_mongodb.port}: ")
    own_mongodb.start()
    until(observed, True)


def test_server_that_was_never_there_is_down(observed):
    client = observed.connect(f"mongodb://user:secret@127.0.0.1:{free_port()}", connect=False)
    observed.telemetry.watch(client)
    evidence, _ = until(observed, False)
    assert evidence.ping_seconds is None
    assert "Connection refused" in evidence.error
    assert "secret" not in evidence.error


def test_exhausted_pool_says_nothing_about_the_server(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri, maxPoolSize=1)
    holder = hold(pool_of(client))
    waiter = hold(client._topology._servers[("127.0.0.1", own_mongodb.port)].pool)
    eventually(lambda: observed.pool() == (1, 0, 0, 1))
    before = sockets_to(own_mongodb.port)
    observed.telemetry.watch(client)
    until(observed, True)
    assert next_look(observed).up
    assert observed.pool() == (1, 0, 0, 1)
    # Of its own: one to look through, and one for its monitor's heartbeats.
    assert sockets_to(own_mongodb.port) - before == 1 + MONITORS
    gevent.killall([holder, waiter])
    observed.telemetry.stop()
    eventually(lambda: sockets_to(own_mongodb.port) == before)


def test_looks_are_in_nobody_s_traces_or_durations(observed, mongodb_uri):
    observed.telemetry.watch(observed.connect(mongodb_uri, connect=False))
    until(observed, True)
    next_look(observed)
    assert observed.exporter.get_finished_spans() == ()
    assert observed.series("db_client_operation_duration_seconds_count") == {}
    assert observed.telemetry.pools() == ()


def test_stop_does_not_wait_for_a_hung_server(observed, own_mongodb):
    observed.telemetry.watch(observed.connect(own_mongodb.uri))
    until(observed, True)
    own_mongodb.freeze()
    began = time.monotonic()
    observed.telemetry.stop()
    assert time.monotonic() - began < 30
    evidence = observed.telemetry.evidence
    gevent.sleep(2 * INTERVAL_SECONDS)
    assert observed.telemetry.evidence is evidence
    own_mongodb.thaw()


def test_watch_may_begin_again(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    for _ in range(2):
        observed.telemetry.watch(client)
        next_look(observed)
        observed.telemetry.stop()
    assert observed.telemetry.evidence.up


@pytest.mark.slow
def test_looks_come_at_the_interval_whatever_each_took():
    now, pauses, errors = [100.0], [], []

    def pause(seconds):
        pauses.append(seconds)
        now[0] += seconds
        if len(pauses) == 3:
            watch._stopped.set()

    def take(seconds):
        now[0] += seconds

    def fail():
        raise ValueError

    watch = Watch(
        0.5,
        Guard(strict=False, on_error=errors.append),
        clock=lambda: now[0],
        unix_time=lambda: 7.0,
        pause=pause,
    )
    watch.on_look += [fail, lambda: take(len(pauses) * 0.4)]
    client = pymongo.MongoClient(
        f"mongodb://127.0.0.1:{free_port()}", connect=False
    )  # refuses, while the injected clock stands still
    watch._run(client)
    client.close()
    assert pauses == pytest.approx([0.5, 0.1, 0.0])
    assert errors == ["mongo.on_look"] * 3
    assert (watch.evidence.at_unix_seconds, watch.evidence.up) == (7.0, False)


def test_client_of_the_watch_keeps_how_to_reach_the_server_and_bounds_the_rest():
    given = pymongo.MongoClient(
        "mongodb://user:pa%2Fss@db1:1,db2:2/app?replicaSet=rs0&authSource=users&tls=true&maxPoolSize=50&minPoolSize=10"
        "&readPreference=secondaryPreferred",
        timeoutMS=100,
        waitQueueTimeoutMS=20,
        connect=False,
    )
    made = Watch(5.0, Guard(strict=True, on_error=pytest.fail))._client_like(given)
    options, pool = made.options, made.options.pool_options
    bound = 5.0 * LOOK_SHARE * DRIVER_SHARE
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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ServerSelectionTimeoutError("db:1: refused"),
            "ServerSelectionTimeoutError: db:1: refused",
        ),
        (
            pymongo.errors._OperationCancelled("operation cancelled"),
            "AutoReconnect: operation cancelled",
        ),
        (
            ValueError("at mongodb://user:pa$$@db:1/x and\n mongodb+srv://u@db"),
            "ValueError: at mongodb://db:1/x and mongodb+srv://db",
        ),
        (ValueError("x" * 1000), "ValueError: " + "x" * 188),
    ],
)
def test_error_is_told_in_one_short_line_without_credentials(error, line):
    assert told(error) == line


def test_no_socket_is_left_behind(observed, own_mongodb):
    before = psutil.Process().num_fds()
    client = pymongo.MongoClient(own_mongodb.uri)
    observed.telemetry.watch(client)
    until(observed, True)
    observed.telemetry.stop()
    client.close()
    eventually(lambda: psutil.Process().num_fds() <= before)
