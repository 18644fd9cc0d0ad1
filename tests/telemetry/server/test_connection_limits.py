"""How many connections a process serves: idle ones make room, then there is a clear answer."""

import json
from contextlib import ExitStack

import pytest

from telemetry.server.admission import origin_of
from tests.support.polling import wait_until
from tests.support.processes import SERVERS, get_management
from tests.support.scenarios import scenarios
from tests.telemetry.server.slow_clients import connect, read_to_end

e2e = pytest.mark.e2e

GET = b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"GET /who HTTP/1.1\r\n"


def ask(client):
    """Send a request on an open connection; returns the status."""
    client.sendall(GET)
    received = b""
    while not received.endswith(b"}\n"):
        received += client.recv(65536)
    return int(received[9:12])


def refused_reasons(port):
    return {
        line.split('"')[1]: float(line.rsplit(" ", 1)[1])
        for line in get_management(port, "/metrics").body.decode().splitlines()
        if line.startswith("http_server_refused_connections_total{")
    }


def idle_connections_make_room(how):
    """Three idle connections where two are allowed: the oldest is closed."""
    with SERVERS[how](CONNECTIONS_PER_WORKER=2) as server, ExitStack() as stack:
        port = server.wait_until_ready()["port"]
        clients = []
        for _ in range(3):
            clients.append(stack.enter_context(connect(server.port)))
            assert ask(clients[-1]) == 200
        ends = [clients[0].recv(1)]
        kept = [ask(client) for client in clients[1:]]
        return ends, kept, refused_reasons(port)


@e2e
@scenarios(*[(idle_connections_make_room, how) for how in SERVERS])
def test_full_worker_ends_its_longest_idle_connection(outcome):
    assert outcome == ([b""], [200, 200], {})


def every_connection_at_work(how):
    """Two connections in the middle of a head where two are allowed."""
    with SERVERS[how](CONNECTIONS_PER_WORKER=2) as server, ExitStack() as stack:
        port = server.wait_until_ready()["port"]
        busy = [stack.enter_context(connect(server.port)) for _ in range(2)]
        for client in busy:
            client.sendall(b"POST /body/data HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        wait_until(
            lambda: get_management(port, "/debug/requests").json["inFlight"] == 2,
            what="both requests",
        )
        refused = stack.enter_context(connect(server.port))
        refused.sendall(GET)
        answer = read_to_end(refused)
        for client in busy:
            client.sendall(b"ab")
        served = [client.recv(65536)[9:12] for client in busy]
        return answer, served, refused_reasons(port), server.wait_for_log("connection refused")


@e2e
@scenarios(*[(every_connection_at_work, how) for how in SERVERS])
def test_full_worker_answers_503(outcome):
    answer, served, reasons, lines = outcome
    head, _, body = answer.partition(b"\r\n\r\n")
    (line,) = lines

    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n")
    assert b"\r\nRetry-After: 1\r\n" in head
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Too many connections are being served; send the request again.",
        "request_id": line["request_id"],
    }
    assert (served, reasons) == ([b"200", b"200"], {"worker": 1.0})


def one_address(how, trusted):
    """Three connections from one address where two are allowed."""
    environ = {"TELEMETRY_TRUSTED_PROXIES": "127.0.0.0/8"} if trusted else {}
    with SERVERS[how](CONNECTIONS_PER_ADDRESS=2, **environ) as server, ExitStack() as stack:
        port = server.wait_until_ready()["port"]
        wait_until(lambda: server.get("/who").status == 200, what="room")
        clients = [stack.enter_context(connect(server.port)) for _ in range(2)]
        for client in clients:
            client.sendall(HALF)
        last = stack.enter_context(connect(server.port))
        last.sendall(GET)
        status = last.recv(65536)[9:12]
        clients[0].close()
        wait_until(lambda: server.get("/who").status == 200, what="room again")
        return status, "address" in refused_reasons(port)


@e2e
@scenarios(*[(one_address, how, False) for how in SERVERS])
def test_too_many_connections_of_one_address_get_a_429(outcome):
    assert outcome == (b"429", True)


@e2e
@scenarios(*[(one_address, how, True) for how in SERVERS])
def test_trusted_proxy_is_not_bounded_by_its_address(outcome):
    assert outcome == (b"200", False)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("", ""),
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_connections_are_counted_by_what_one_client_has(address, origin):
    assert origin_of(address) == origin
