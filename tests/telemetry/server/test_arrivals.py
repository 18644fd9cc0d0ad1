"""A request begins when the kernel received it; the client's own clock is the truth.

One table of connections, run against both servers, while another request computes.
"""

import http.client
import itertools
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import pytest

from telemetry.sockets import NOT_STAMPED
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.processes import SERVERS, gunicorn
from tests.support.scenarios import scenarios
from tests.telemetry.server.raw_exchanges import RawConnection

pytestmark = pytest.mark.e2e

HELD_SECONDS = 1.2
SLACK_SECONDS = 0.05
BEFORE_SECONDS = 0.15
PAUSE_SECONDS = 0.3
LONG = b"x" * 4000
BLOCK = f"GET /block?seconds={HELD_SECONDS} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
HEALTH = b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"

_numbers = itertools.count()


def head(path, extra=b""):
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + extra + b"\r\n"


def line_of(server, path):
    (line,) = wait_until(
        lambda: [line for line in server.logged("request") if line["path"] == path],
        what=f"the line of {path}",
    )
    return line


def end_of(line):
    """Unix time at which a request ended."""
    return datetime.fromisoformat(line["time"]).timestamp()


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
        assert abs(end_of(self.line) - duration - self.sent) < SLACK_SECONDS
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


def quiet(how):
    """Requests that nothing holds, each after a silence of its connection."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        paths = [f"/quiet/{number}" for number in range(20)]
        with RawConnection(server.port) as client:
            for path in paths:
                time.sleep(0.05)
                client.send(head(path))
                assert client.response().status == 404
        return sorted(line_of(server, path)["phases"]["queue"] for path in paths)


@scenarios(*[(quiet, how) for how in SERVERS])
def test_silence_before_a_request_is_no_queue(outcome):
    assert outcome[len(outcome) // 2] < 0.02


def in_parts(how):
    """A head in parts on a quiet server; then one whose last part comes while the hub is held."""
    with SERVERS[how]() as server:
        server.wait_until_ready()

        def send(connection, path, between=lambda: None):
            whole = head(path, b"X-Long: calm\r\n")
            for part in (whole[:3], whole[3:25], whole[25:-2]):
                connection.send(part)
                time.sleep(PAUSE_SECONDS)
            between()
            connection.send(whole[-2:])
            assert connection.response().status == 404

        with RawConnection(server.port) as client:
            send(client, "/parts/quiet")
            send(client, "/parts/kept")
        with RawConnection(server.port) as client, RawConnection(server.port) as other:

            def hold():
                other.send(BLOCK)
                time.sleep(BEFORE_SECONDS)

            send(client, "/parts/held", hold)
        return {name: line_of(server, f"/parts/{name}") for name in ("quiet", "kept", "held")}


@scenarios(*[(in_parts, how) for how in SERVERS])
def test_head_in_parts_begins_with_the_first_and_waits_for_its_client(outcome):
    for name, line in outcome.items():
        phases = line["phases"]
        assert line["duration_seconds"] > 3 * PAUSE_SECONDS * 0.9, name
        assert phases["client_read"] > 3 * PAUSE_SECONDS * 0.9, name
        assert sum(phases.values()) == pytest.approx(line["duration_seconds"], abs=0.001), name
    held_line = outcome["held"]["phases"]
    assert held_line["queue"] > 0.5 * (HELD_SECONDS - BEFORE_SECONDS)
    assert outcome["quiet"]["phases"]["queue"] < 0.5 * PAUSE_SECONDS


def pipelined(how):
    """Three requests in one segment, the first of which works."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        with RawConnection(server.port) as client:
            began = time.monotonic()
            client.send(head("/slow?seconds=0.4") + head("/behind/1") + head("/behind/2"))
            statuses = [client.response().status for _ in range(3)]
            seconds = time.monotonic() - began
        return statuses, seconds, [line_of(server, p) for p in ("/slow", "/behind/1", "/behind/2")]


@scenarios(*[(pipelined, how) for how in SERVERS])
def test_request_behind_another_begins_when_that_has_ended(outcome):
    statuses, seconds, lines = outcome
    durations = [line["duration_seconds"] for line in lines]
    assert statuses == [200, 404, 404]
    assert durations[0] >= 0.4
    # Together they took no longer than the connection did.
    assert sum(durations) < seconds + 0.02
    assert all(duration < 0.2 for duration in durations[1:])


def with_a_body(how):
    """A request whose body is late: that is no part of its arrival."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        with RawConnection(server.port) as client:
            client.send(b"POST /body/data HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nca")
            time.sleep(PAUSE_SECONDS)
            client.send(b"lm" + head("/after"))
            statuses = [client.response().status, client.response().status]
        return statuses, line_of(server, "/body/data"), line_of(server, "/after")


@scenarios(*[(with_a_body, how) for how in SERVERS])
def test_wait_for_a_body_is_the_clients(outcome):
    statuses, line, after = outcome
    assert statuses == [200, 404]
    assert line["phases"]["client_read"] > 0.9 * PAUSE_SECONDS
    assert line["phases"]["queue"] < 0.5 * PAUSE_SECONDS
    assert after["duration_seconds"] < 0.5 * PAUSE_SECONDS


def slow_reader(how):
    """A client that reads much late; and one that reads at once."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.port))
            client.sendall(
                b"GET /bytes?size=16777216 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            time.sleep(PAUSE_SECONDS)
            while client.recv(1_000_000):
                pass
        return line_of(server, "/bytes")


@scenarios(*[(slow_reader, how) for how in SERVERS])
def test_wait_for_a_reader_is_the_clients(outcome):
    assert outcome["phases"]["client_write"] > 0.8 * PAUSE_SECONDS


def behind_a_proxy(mode):
    """A PROXY line long before the first request of its connection."""
    options = ("--proxy-protocol", mode)
    with gunicorn(*options, TELEMETRY_TRUSTED_PROXIES="127.0.0.1") as server:
        line = b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 80\r\n"
        if mode == "v2":
            line = bytes.fromhex("0d0a0d0a000d0a515549540a2111000ccb0071077f000001")
            line += bytes.fromhex("13880050")

        def ready():
            with RawConnection(server.port) as client:
                return (found := client.send(line + HEALTH).response()) and found.status == 200

        wait_until(ready, what="a response", retry_on=(OSError,))
        with RawConnection(server.port) as client:
            client.send(line)
            time.sleep(PAUSE_SECONDS)
            client.send(head("/late"))
            assert client.response().status == 404
        with RawConnection(server.port) as client:
            client.send(line + head("/together"))
            assert client.response().status == 404
        return line_of(server, "/late"), line_of(server, "/together")


@scenarios((behind_a_proxy, "v1"), (behind_a_proxy, "v2"))
def test_line_of_a_proxy_announces_a_connection_not_a_request(outcome):
    for line in outcome:
        assert line["client_address"] == "203.0.113.7"
        assert line["duration_seconds"] < 0.5 * PAUSE_SECONDS


def named_by_a_proxy(how):
    """A proxy's ``X-Request-Start`` of some seconds ago."""
    with SERVERS[how](
        TELEMETRY_TRUSTED_PROXIES="127.0.0.1", TELEMETRY_REQUEST_START_SECONDS=60
    ) as server:
        server.wait_until_ready()
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        headers = {"X-Request-Start": f"t={time.time() - 5:.3f}"}
        connection.request("GET", "/named", headers=headers)
        assert connection.getresponse().status == 404
        connection.close()
        return line_of(server, "/named")


@scenarios(*[(named_by_a_proxy, how) for how in SERVERS])
def test_time_at_a_proxy_is_queue(outcome):
    assert 5 <= outcome["phases"]["queue"] <= outcome["duration_seconds"] < 8


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
