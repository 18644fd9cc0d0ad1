"""The management server is bounded, and a client can break nothing but its own connection."""

import socket
import struct
import time

import gevent
import pytest

from telemetry import names, native
from telemetry.management import Limits
from tests.support.polling import wait_until
from tests.telemetry.management.clients import connect, get, serving

HEALTH = b"GET /health/liveness HTTP/1.1\r\nHost: x\r\n\r\n"


def wait_for_connections(most, clients):
    """Count the clients that are still connected; waits until no more than ``most`` are."""

    def few():
        clients[:] = [client for client in clients if not client.ended(0.05)]
        return len(clients) <= most

    wait_until(few, what=f"at most {most} connections")
    return len(clients)


def test_connection_serves_one_request_after_the_other():
    with serving() as management:
        client = connect(management)
        for _ in range(3):
            status, headers, _ = client.send(HEALTH).answer()
            assert (status, headers["Connection"]) == (200, "keep-alive")
        client.send(HEALTH[:-2] + b"\r\n\r\n\r\n" + HEALTH[:20])
        assert client.answer()[0] == 200
        assert client.send(HEALTH[20:]).answer()[0] == 200


@pytest.mark.parametrize(
    ("request_line", "connection", "kept"),
    [
        ("GET /health HTTP/1.0", "", False),
        ("GET /health HTTP/1.0", "Connection: Keep-Alive\r\n", True),
        ("GET /health HTTP/1.1", "Connection: close\r\n", False),
        ("GET /health HTTP/1.1", "Connection: x, Close\r\n", False),
        ("GET /health HTTP/1.1", "", True),
    ],
)
def test_connection_is_kept_as_http_specifies(request_line, connection, kept):
    with serving() as management:
        client = connect(management)
        _, headers, _ = client.send(
            f"{request_line}\r\nHost: x\r\n{connection}\r\n".encode()
        ).answer()
        assert headers["Connection"] == ("keep-alive" if kept else "close")
        assert (client.send(HEALTH).answer() is not None) if kept else client.ended()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /metrics\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 100_000, 414),
        (b"\xff\xfe" * 50 + b"\r\n\r\n", 400),
    ],
)
def test_what_is_not_http_is_answered_and_ends_the_connection(sent, status):
    with serving() as management:
        client = connect(management)
        answer = client.send(sent).answer()
        assert (answer[0], answer[1]["Connection"], answer[1]["Content-Type"]) == (
            status,
            "close",
            "application/problem+json",
        )
        assert client.ended()
        client.close()  # the server lingers until then
        assert get(management, "/health/liveness")[0] == 200


def test_slow_head_is_a_408_and_an_idle_connection_just_ends():
    with serving(limits=Limits(head_seconds=0.2, idle_seconds=0.4)) as management:
        idle, slow = connect(management), connect(management)
        for byte in HEALTH[:10]:
            slow.send(bytes([byte]))
            gevent.sleep(0.01)
        assert slow.answer()[0] == 408
        assert idle.ended()


def test_silent_clients_keep_no_other_client_out():
    with serving(limits=Limits(connections=3)) as management:
        silent = [connect(management) for _ in range(10)]
        halves = [connect(management).send(b"GET /met") for _ in range(10)]
        for _ in range(20):
            assert get(management, "/health/liveness")[0] == 200
        assert wait_for_connections(3, [*silent, *halves]) <= 3


def test_idle_scraper_gives_way_and_is_served_again():
    with serving(limits=Limits(connections=2)) as management:
        scraper = connect(management)
        assert scraper.send(HEALTH).answer()[0] == 200
        wait_until(lambda: any(each.waiting_since for each in management._server._connections))
        others = [connect(management) for _ in range(2)]
        assert scraper.ended()
        assert connect(management).send(HEALTH).answer()[0] == 200
        assert wait_for_connections(1, others) <= 1


def test_more_than_can_be_answered_at_once_are_refused():
    free, asked = [], []

    def slow():
        asked.append(True)
        while not free:
            native.sleep(0.01)
        return 200, {}

    with serving(verdicts={"/health": slow}, limits=Limits(connections=2)) as management:
        clients = [connect(management).send(b"GET /health HTTP/1.0\r\n\r\n") for _ in range(2)]
        wait_until(lambda: len(asked) == 2)
        refused = connect(management)
        assert refused.answer()[0] == 503
        assert refused.ended()
        free.append(True)
        assert [client.answer()[0] for client in clients] == [200, 200]
        assert get(management, "/health")[0] == 200


@pytest.mark.slow
def test_client_that_does_not_read_is_cut_and_delays_no_other():
    with serving(limits=Limits(send_seconds=0.5)) as management:
        for number in range(2000):
            management.metrics.histogram(names.REQUEST_DURATION).labels("GET", f"/{number}", "200")
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", management.port))
        deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        gevent.sleep(0.2)
        assert get(management, "/health/liveness")[0] == 200
        wait_until(lambda: not management._server._connections)
        deaf.close()


@pytest.mark.parametrize(
    "sent", [b"", b"GET /met", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HEALTH * 50]
)
def test_broken_connection_ends_alone(sent):
    with serving(limits=Limits(connections=30)) as management:
        for _ in range(20):
            client = connect(management).send(sent)
            client.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )  # a reset instead of an end
            client.close()
        assert get(management, "/health/liveness")[0] == 200
        wait_until(lambda: not management._server._connections)


def test_many_clients_at_once_are_all_answered():
    with serving(limits=Limits(connections=50)) as management:

        def use():
            client = connect(management)
            for _ in range(50):
                assert client.send(HEALTH).answer()[0] == 200
                assert client.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").answer()[0] == 200
            client.close()

        gevent.joinall([gevent.spawn(use) for _ in range(8)], raise_error=True)


def test_stop_frees_the_port_lets_answers_go_out_and_can_be_followed_by_a_start():
    asked = []

    def slow():
        asked.append(True)
        native.sleep(0.3)
        return 200, {"slow": True}

    with serving(verdicts={"/health": slow, "/health/liveness": slow}) as management:
        port, idle = management.port, connect(management)
        busy = connect(management).send(b"GET /health HTTP/1.0\r\n\r\n")
        wait_until(lambda: asked)
        began = time.monotonic()
        management.stop()
        management.stop()
        assert time.monotonic() - began < 30
        assert busy.answer()[2] == b'{"slow":true}\n'
        assert idle.ended()
        assert management.port is None
        with socket.create_server(("127.0.0.1", port)):
            pass
        management.start()
        management.start()
        assert get(management, "/health")[0] == 200
