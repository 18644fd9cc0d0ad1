"""A request begins when the kernel received it; the client's own clock is the truth.

One table of connections, run against both servers, while another request computes.
"""

import itertools
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from telemetry.sockets import NOT_STAMPED
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.processes import SERVERS, gunicorn
from tests.support.scenarios import scenarios
from tests.telemetry.server.raw_exchanges import RawConnection
from tests.telemetry.server.request_times import (
    HEALTH,
    SLACK_SECONDS,
    end_of,
    head,
    line_of,
    start_of,
)

pytestmark = pytest.mark.e2e

HELD_SECONDS = 1.2
BEFORE_SECONDS = 0.15
LONG = b"x" * 4000
BLOCK = f"GET /block?seconds={HELD_SECONDS} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

_numbers = itertools.count()


@dataclass(frozen=True)
class Waited:
    """A request that waited while another one computed.

    Args:
        sent: Unix time at which its client sent it.
        seconds: What it took for its client.
        line: Of it.
        block: Of the other one.
    """

    sent: float
    seconds: float
    line: dict
    block: dict

    def check(self):
        """Compare what is recorded with the client's clock, and the queue with the other's end."""
        duration, phases = self.line["duration_seconds"], self.line["phases"]
        # A response is on its way before its record is complete.
        assert duration < self.seconds + SLACK_SECONDS
        assert abs(start_of(self.line) - self.sent) < SLACK_SECONDS
        held = end_of(self.block) - self.sent
        assert held > SLACK_SECONDS
        assert phases["queue"] > held - SLACK_SECONDS
        assert sum(phases.values()) == pytest.approx(duration, abs=0.001)


def while_held(server, prepare, send):
    """Send a request while another computes.

    Args:
        server: Serves both.
        prepare: Called before the hub is held; returns an open connection, or ``None``.
        send: Called with that connection and the path; returns when it was sent, once its response
            has come.
    """
    path = f"/nowhere/{next(_numbers)}"
    prepared = prepare(server.port)
    with RawConnection(server.port) as other:
        other.send(BLOCK)
        time.sleep(BEFORE_SECONDS)
        sent = send(prepared, server.port, path)
        seconds = time.time() - sent
        assert other.response().status == 200
    return Waited(sent, seconds, line_of(server, path), block_after(server, sent))


def block_after(server, sent):
    """The line of the request that computed at that time."""
    return wait_until(
        lambda: next(
            (
                line
                for line in server.logged("request")
                if line["path"] == "/block" and end_of(line) > sent
            ),
            None,
        ),
        what="the line of the request that computed",
    )


def nothing(_port):
    return None


def kept(port):
    """A connection that has had a response."""
    connection = RawConnection(port)
    connection.send(HEALTH)
    assert connection.response().status == 200
    return connection


def connected(port):
    """A connection without a request."""
    return RawConnection(port)


def at_once(connection, port, path, extra=b""):
    with connection or RawConnection(port) as client:
        sent = time.time()
        client.send(head(path, extra))
        assert client.response().status == 404
        return sent


def large(connection, port, path):
    """With a head that takes several reads."""
    return at_once(connection, port, path, b"".join(b"X-%d: %s\r\n" % (n, LONG) for n in range(20)))


CONNECTIONS = {
    "new": (nothing, at_once),
    "kept": (kept, at_once),
    "open": (connected, at_once),
    "large head": (nothing, large),
}


def held(how):
    """Requests that wait for a held hub, each on a connection of its kind."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        return {name: while_held(server, *row) for name, row in CONNECTIONS.items()}


@scenarios(*[(held, how) for how in SERVERS])
def test_request_that_waits_for_a_held_hub_is_slow_by_its_queue(outcome):
    for waited in outcome.values():
        waited.check()


def on_a_unix_socket():
    """A request on a Unix socket while another one computes, and what the log has about it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        binds = ("-b", f"127.0.0.1:{port}", "-b", f"unix:{path}")
        with gunicorn(*binds, SERENE_PORT=port) as server:
            server.wait_until_ready()
            with RawConnection(port) as other, socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PATIENCE_SECONDS)
                other.send(BLOCK)
                time.sleep(BEFORE_SECONDS)
                client.connect(path)
                client.sendall(head("/unix"))
                client.recv(1000)
            notices = [line for line in server.lines if line["message"] == NOT_STAMPED]
            return len(notices), line_of(server, "/unix"), line_of(server, "/block")


@scenarios((on_a_unix_socket,))
def test_without_stamps_a_request_begins_at_its_first_read_as_the_log_notes(outcome):
    notices, unix, block = outcome
    assert notices == 1
    assert unix["duration_seconds"] < 0.5 * HELD_SECONDS < block["duration_seconds"]


def many_held(how):
    """Ten requests on new connections while one computes; accepted one after the other."""
    with SERVERS[how]() as server, ThreadPoolExecutor(10) as threads:
        server.wait_until_ready()
        with RawConnection(server.port) as other:
            other.send(BLOCK)
            time.sleep(BEFORE_SECONDS)

            def one(number):
                sent = at_once(None, server.port, f"/many/{number}")
                return sent, time.time() - sent

            found = list(threads.map(one, range(10)))
        return [
            Waited(*times, line_of(server, f"/many/{number}"), block_after(server, found[0][0]))
            for number, times in enumerate(found)
        ]


@scenarios(*[(many_held, how) for how in SERVERS])
def test_all_requests_that_wait_for_a_held_hub_are_slow(outcome):
    for waited in outcome:
        waited.check()
