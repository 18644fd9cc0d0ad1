"""Answers of servers that are no usable Redis, and a failover behind one address."""

import re
import time

import gevent
import pytest
import redis as client_library
from gevent.server import StreamServer

from tests.machine import PATIENCE_SECONDS
from tests.service.rate_limits.counted import ENDS, TIMEOUT_SECONDS, begins


@pytest.fixture
def scripted():
    """A server that accepts connections, and answers each script with the same bytes."""
    servers = []

    def make(answer):
        def serve(connection, _):
            while received := connection.recv(65536):
                for command in COMMAND.findall(received):
                    connection.sendall(answer if command in (b"EVALSHA", b"SCRIPT") else b"+OK\r\n")

        servers.append(StreamServer(("127.0.0.1", 0), serve))
        servers[-1].start()
        return f"redis://127.0.0.1:{servers[-1].server_port}/0"

    yield make
    for server in servers:
        server.stop(timeout=0)


COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n([A-Z]+)")
OLD_SCRIPT = b"-ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("LOADING", b"-LOADING Redis is loading the dataset in memory\r\n"),
        ("MASTERDOWN", b"-MASTERDOWN Link with MASTER is down\r\n"),
        ("CLUSTERDOWN", b"-CLUSTERDOWN Hash slot not served\r\n"),
        ("MOVED", b"-MOVED 3999 127.0.0.1:6381\r\n"),
        ("ASK", b"-ASK 3999 127.0.0.1:6381\r\n"),
        ("CROSSSLOT", b"-CROSSSLOT Keys in request don't hash to the same slot\r\n"),
        ("TRYAGAIN", b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n"),
        ("UNKILLABLE", b"-UNKILLABLE Sorry the script already executed write commands\r\n"),
        ("NOSCRIPT", b"-NOSCRIPT No matching script. Please use EVAL.\r\n"),
        ("READONLY", OLD_SCRIPT + b"READONLY You can't write against a read only replica.\r\n"),
        ("OOM", OLD_SCRIPT + b"OOM command not allowed when used memory > 'maxmemory'.\r\n"),
        ("COMMAND", b"-ERR unknown command 'EVALSHA'\r\n"),
        ("ERROR", b"-ERR something else\r\n"),
        ("PROTOCOL", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("PROTOCOL", b"\x00\xff\xfe garbage\r\n"),
        ("PROTOCOL", b":not a number\r\n:x\r\n"),
        ("PROTOCOL", b"$abc\r\n"),
        ("PROTOCOL", b"+OK\r\n"),
        ("PROTOCOL", b"$-1\r\n"),
        ("PROTOCOL", b"*0\r\n"),
        pytest.param("TIMEOUT", b"", marks=pytest.mark.slow),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scripted_answer_is_named_and_costs_one_bound(scripted, counted, lines, kind, answer):
    one = counted(scripted(answer), timeout_seconds=TIMEOUT_SECONDS)
    began = time.monotonic()
    one.hits(50)
    assert time.monotonic() - began < 10 * TIMEOUT_SECONDS
    one.check()
    assert (lines(), one.fallbacks) == ([begins(kind)], 50)


def test_failover_behind_one_address_renews_the_connections(redis, counted, lines):
    """A proxy keeps old connections on the old primary, as a load balancer does."""
    with type(redis)() as other:
        target = {"port": redis.port}

        def serve(connection, _):
            with gevent.socket.create_connection(("127.0.0.1", target["port"])) as server:
                copies = [gevent.spawn(_copy, *pair) for pair in _both(connection, server)]
                gevent.joinall(copies, count=1)
                gevent.killall(copies)

        proxy = StreamServer(("127.0.0.1", 0), serve)
        proxy.start()
        one = counted(f"redis://127.0.0.1:{proxy.server_port}/0")
        gevent.joinall([gevent.spawn(one.hits, 3) for _ in range(10)], timeout=PATIENCE_SECONDS)
        target["port"] = other.port
        old = client_library.Redis(port=redis.port)
        old.execute_command("REPLICAOF", "127.0.0.1", "1")
        old.close()
        one.hits(3)
        one.check()
        gevent.joinall([gevent.spawn(one.hits, 3) for _ in range(10)], timeout=PATIENCE_SECONDS)
        assert (lines(), one.fallbacks) == ([begins("READONLY"), ENDS], 3)
        one.counters.close()
        proxy.stop(timeout=0)


def _both(left, right):
    return (left, right), (right, left)


def _copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
