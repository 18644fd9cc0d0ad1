"""What a request waits for at its client: its head, its body, its reader, and what precedes it.

The client's own clock is the truth, for both servers.
"""

import http.client
import socket
import time

import pytest

from tests.support.polling import wait_until
from tests.support.processes import SERVERS, gunicorn
from tests.support.scenarios import scenarios
from tests.telemetry.server.raw_exchanges import RawConnection
from tests.telemetry.server.request_times import (
    HEALTH,
    PAUSE_SECONDS,
    SLACK_SECONDS,
    end_of,
    head,
    line_of,
    start_of,
)

pytestmark = pytest.mark.e2e


def quiet(how):
    """Requests that nothing holds, each after a silence of its connection."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        sent = {}
        with RawConnection(server.port) as client:
            for number in range(5):
                time.sleep(0.2)
                sent[f"/quiet/{number}"] = time.time()
                client.send(head(f"/quiet/{number}"))
                assert client.response().status == 404
        return [(began, line_of(server, path)) for path, began in sent.items()]


@scenarios(*[(quiet, how) for how in SERVERS])
def test_silence_before_a_request_is_no_queue(outcome):
    assert all(abs(start_of(line) - sent) < SLACK_SECONDS for sent, line in outcome)


def in_parts(how):
    """Heads in parts on a new and a kept connection, with the times of first and last part."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        sent = {}
        with RawConnection(server.port) as client:
            for path in ("/parts/new", "/parts/kept"):
                whole = head(path, b"X-Long: calm\r\n")
                first = time.time()
                for part in (whole[:3], whole[3:25], whole[25:-2]):
                    client.send(part)
                    time.sleep(PAUSE_SECONDS)
                sent[path] = first, time.time()
                client.send(whole[-2:])
                assert client.response().status == 404
        return [(*times, line_of(server, path)) for path, times in sent.items()]


@scenarios(*[(in_parts, how) for how in SERVERS])
def test_head_in_parts_begins_with_the_first_and_waits_for_its_client(outcome):
    for first, last, line in outcome:
        assert abs(start_of(line) - first) < SLACK_SECONDS
        assert abs(line["phases"]["client_read"] - (last - first)) < SLACK_SECONDS
        assert sum(line["phases"].values()) == pytest.approx(line["duration_seconds"], abs=0.001)


def in_parts_while_held(how):
    """A head whose last part comes while another request computes."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        with RawConnection(server.port) as client, RawConnection(server.port) as other:
            whole = head("/parts/held")
            client.send(whole[:10])
            time.sleep(PAUSE_SECONDS)
            other.send(head("/block?seconds=1"))
            time.sleep(0.1)
            last = time.time()
            client.send(whole[10:])
            assert client.response().status == 404
        return last, line_of(server, "/parts/held"), line_of(server, "/block")


@scenarios(*[(in_parts_while_held, how) for how in SERVERS])
def test_wait_for_a_held_hub_is_not_the_clients(outcome):
    last, line, block = outcome
    phases = line["phases"]
    assert abs(start_of(line) + phases["client_read"] - last) < SLACK_SECONDS
    assert phases["queue"] > end_of(block) - last - SLACK_SECONDS


def pipelined(how):
    """Three requests in one segment, the first of which works."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        with RawConnection(server.port) as client:
            began = time.time()
            client.send(head("/slow?seconds=0.4") + head("/behind/1") + head("/behind/2"))
            statuses = [client.response().status for _ in range(3)]
            seconds = time.time() - began
        return statuses, seconds, [line_of(server, p) for p in ("/slow", "/behind/1", "/behind/2")]


@scenarios(*[(pipelined, how) for how in SERVERS])
def test_request_behind_another_begins_when_that_has_ended(outcome):
    statuses, seconds, lines = outcome
    durations = [line["duration_seconds"] for line in lines]
    assert statuses == [200, 404, 404]
    assert durations[0] >= 0.4
    # Together they took no longer than the connection did.
    assert sum(durations) < seconds + SLACK_SECONDS
    ends = [end_of(line) for line in lines]
    assert all(start_of(line) > end - 0.001 for end, line in zip(ends, lines[1:], strict=False))


def with_a_body(how):
    """A request whose body is late: that is no part of its arrival."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        with RawConnection(server.port) as client:
            client.send(b"POST /body/data HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nca")
            time.sleep(PAUSE_SECONDS)
            sent = time.time()
            client.send(b"lm" + head("/after"))
            statuses = [client.response().status, client.response().status]
        return statuses, sent, line_of(server, "/body/data"), line_of(server, "/after")


@scenarios(*[(with_a_body, how) for how in SERVERS])
def test_wait_for_a_body_is_the_clients(outcome):
    statuses, sent, line, after = outcome
    assert statuses == [200, 404]
    phases = line["phases"]
    # It began to wait once it had got the hub, and the application had asked for the body.
    assert phases["client_read"] > sent - start_of(line) - phases["queue"] - SLACK_SECONDS
    assert start_of(after) > end_of(line) - 0.001


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
            late = time.time()
            client.send(head("/late"))
            assert client.response().status == 404
        with RawConnection(server.port) as client:
            together = time.time()
            client.send(line + head("/together"))
            assert client.response().status == 404
        return (late, line_of(server, "/late")), (together, line_of(server, "/together"))


@scenarios((behind_a_proxy, "v1"), (behind_a_proxy, "v2"))
def test_line_of_a_proxy_announces_a_connection_not_a_request(outcome):
    for sent, line in outcome:
        assert line["client_address"] == "203.0.113.7"
        assert abs(start_of(line) - sent) < SLACK_SECONDS


def named_by_a_proxy(how):
    """A proxy's ``X-Request-Start`` of some seconds ago."""
    with SERVERS[how](
        TELEMETRY_TRUSTED_PROXIES="127.0.0.1", TELEMETRY_REQUEST_START_SECONDS=60
    ) as server:
        server.wait_until_ready()
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        named = round(time.time() - 5, 3)
        headers = {"X-Request-Start": f"t={named:.3f}"}
        connection.request("GET", "/named", headers=headers)
        assert connection.getresponse().status == 404
        connection.close()
        return named, line_of(server, "/named")


@scenarios(*[(named_by_a_proxy, how) for how in SERVERS])
def test_time_at_a_proxy_is_queue(outcome):
    named, line = outcome
    assert abs(start_of(line) - named) < SLACK_SECONDS
    assert line["phases"]["queue"] >= 5
