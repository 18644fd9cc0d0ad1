"""One check of the server: its result, its series, and its error; a failure is a result too."""

import pymongo
import pytest
from prometheus_client import generate_latest
from pymongo.errors import ServerSelectionTimeoutError

from telemetry.mongo import ServerCheck
from telemetry.mongo.server_check import (
    ServerCheckCollector,
    ServerCounters,
    check_server,
    counters,
    format_error,
)
from tests.telemetry.mongo.conftest import server_series

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


def test_nothing_is_known_before_the_first_check(observed):
    assert observed.telemetry.last_check is None
    assert observed.telemetry.last_error == ""
    assert server_series(observed) == {}


def test_what_the_server_does_not_report_is_absent(observed, mongodb_uri):
    client = pymongo.MongoClient(mongodb_uri)
    check = check_server(client, 5.0, unix_time=lambda: 1700000000.5)
    client.close()
    assert check == ServerCheck(
        1700000000.5,
        up=True,
        ping_seconds=check.ping_seconds,
        error="",
        counters=ServerCounters(),
    )
    assert 0 < check.ping_seconds < 60
    assert [
        family.name for family in ServerCheckCollector(lambda: check).collect() if family.samples
    ] == [
        "mongodb_up",
        "mongodb_evidence_timestamp_seconds",
        "mongodb_ping_seconds",
    ]


def test_counters_of_the_server_are_those_it_reported():
    assert counters(SERVER_STATUS) == COUNTED
    assert (
        counters({"opcounters": None, "network": {"bytesIn": "7"}, "connections": {}})
        == ServerCounters()
    )


def test_counters_of_the_server_are_exposed_as_counters(observed):
    observed.telemetry._poller.last_check = ServerCheck(
        1.5, up=True, ping_seconds=0.25, counters=COUNTED
    )
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


def test_counters_do_not_outlive_the_check_that_read_them(observed):
    observed.telemetry._poller.last_check = ServerCheck(2.5, up=False, error="AutoReconnect: gone")
    assert server_series(observed) == {
        ("mongodb_up",): 0.0,
        ("mongodb_evidence_timestamp_seconds",): 2.5,
    }


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
def test_error_is_formatted_as_one_short_line_without_credentials(error, line):
    assert format_error(error) == line
