"""How causes are planted: each function makes one request slow, and returns it once it was
answered.
"""

import contextlib
import http.client
import socket
from collections.abc import Callable

import gevent

from tests.e2e.causes.stand import Answered, Stand, answered
from tests.machine import PATIENCE_SECONDS
from tests.support.frozen import freeze, thaw

WAIT_SECONDS = 0.6


def asks(path: str) -> Callable[[Stand], Answered]:
    """The request alone is enough."""

    def plant(stand: Stand) -> Answered:
        """The request does it itself."""
        return stand.ask(path)

    return plant


def meets(culprit: str, victim: str) -> Callable[[Stand], Answered]:
    """Both requests are in flight when the culprit begins; the victim is the one in question."""

    def plant(stand: Stand) -> Answered:
        """Another request does it while this one is in flight."""
        holder = stand.spawn(culprit)
        answer = stand.ask(victim)
        holder.get(timeout=PATIENCE_SECONDS)
        return answer

    return plant


def slow_query(stand: Stand) -> Answered:
    """The database's answer takes its time on the network."""
    with stand.database.slow(WAIT_SECONDS):
        return stand.ask("/orders")


def exhausted_pool(stand: Stand) -> Answered:
    """Two others have the one connection before it."""
    with stand.database.slow(WAIT_SECONDS / 2):
        before = [stand.spawn("/stock/report") for _ in range(2)]
        answer = stand.ask("/stock?after=/stock/report&of=2")
        gevent.joinall(before, timeout=PATIENCE_SECONDS, raise_error=True)
        return answer


def slow_connect(stand: Stand) -> Answered:
    """The connection is opened, and its first answer does not come."""
    stand.connecting.seconds = WAIT_SECONDS
    try:
        return stand.ask("/archive")
    finally:
        stand.connecting.seconds = 0.0


def slow_service(stand: Stand) -> Answered:
    """Another service takes its time."""
    stand.prices.seconds = WAIT_SECONDS
    try:
        return stand.ask("/prices")
    finally:
        stand.prices.seconds = 0.0


def still_in_kernel(stand: Stand) -> Answered:
    """The request reaches the kernel while another one computes."""
    holder = stand.spawn("/compute")
    stand.wait_until_in_flight("/compute")
    answer = stand.ask("/late")
    holder.get(timeout=PATIENCE_SECONDS)
    return answer


def slow_reader(stand: Stand) -> Answered:
    """The client does not read for a while."""
    with socket.socket() as client:
        client.settimeout(PATIENCE_SECONDS)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", stand.server.port))
        client.sendall(b"GET /download HTTP/1.1\r\nHost: a\r\n\r\n")
        gevent.sleep(WAIT_SECONDS)
        return read_response(client)


def slow_body(stand: Stand) -> Answered:
    """The client sends half of a body, and the rest later."""
    with socket.create_connection(("127.0.0.1", stand.server.port)) as client:
        client.settimeout(PATIENCE_SECONDS)
        client.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n")
        client.sendall(b"x" * 1000)
        gevent.sleep(WAIT_SECONDS)
        client.sendall(b"x" * 1000)
        return read_response(client)


def read_response(client: socket.socket) -> Answered:
    """Read a response to its end."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return answered(response)


def large_heap(stand: Stand) -> Answered:
    """Collections have a million objects to visit."""
    stand.ask("/heap?objects=600000")
    try:
        return stand.ask("/collect")
    finally:
        stand.ask("/forget")


def lost_database(stand: Stand) -> Answered:
    """The connection breaks during a command, and the database is away for a while."""
    with stand.database.slow(WAIT_SECONDS / 2):
        request = stand.spawn("/orders/count")
        stand.wait_until_in_flight("/orders/count")
        gevent.sleep(WAIT_SECONDS / 6)
        with stand.database.cut():
            gevent.sleep(2 * WAIT_SECONDS)
    return request.get(timeout=PATIENCE_SECONDS)


def stopped(stand: Stand) -> Answered:
    """The operating system stops the process (SIGSTOP) while the request sleeps."""
    request = stand.spawn("/nap")
    stand.wait_until_in_flight("/nap")
    with contextlib.ExitStack() as frozen:
        freeze(stand.worker)
        frozen.callback(thaw, stand.worker)
        gevent.sleep(2 * WAIT_SECONDS)
    return request.get(timeout=PATIENCE_SECONDS)


def throttled(stand: Stand) -> Answered:
    """The control group's quota gives the process a tenth of a processor."""
    with stand.throttled(0.1):
        return stand.ask("/throttled?seconds=0.1")
