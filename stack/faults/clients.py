"""Faults that clients are, and that need a process of their own while they last: the keeper's.

Their addresses are on the loopback interface, and are not exempt from rate limits as those of demo
traffic are (`RATE_LIMIT_EXEMPT_NETWORKS` of the native stack).
"""

import http.client
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psutil

from stack import probes
from stack.errors import StackError
from stack.runner import Stack

Lasts = Callable[[], bool]
Drive = Callable[[Stack, Lasts], None]

SPIKE_ADDRESS: Final = "127.200.0.1"
VISITOR_ADDRESS: Final = "127.200.0.2"
SLOW_ADDRESS: Final = "127.200.0.3"
PATH: Final = "/api/v1/blog/posts?limit=1"
SPIKE_PER_ROUND: Final = 20
SPIKE_ROUND_SECONDS: Final = 0.25
SPIKE_MOST: Final = 4000
"""Connections that one address holds at most, of the 500 that each worker allows it."""
VISITS_PER_SECOND: Final = 2.0
SLOW_CONNECTIONS: Final = 40
SLOW_PER_ROUND: Final = 5
KILL_SECONDS: Final = 2.0
_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Driven:
    """A fault that lasts for as long as its keeper drives it.

    Attributes:
        drive: goes on until its second argument returns False.
    """

    drive: Drive

    def press(self, stack: Stack, seconds: int) -> None:
        """Check that there is a service; the keeper does the rest."""
        if stack.records.alive("service") is None:
            raise StackError("the service is not running: see ./serene status")

    def release(self, stack: Stack) -> None:
        """Do nothing: the keeper has ended."""


def traffic_spike(stack: Stack, lasts: Lasts) -> None:
    """Open connections, each with a request, and keep them: more of one address than are allowed.

    The server ends those that are too many, which come anew.
    """
    _allow_descriptors()
    open_connections: list[socket.socket] = []
    while lasts():
        for _ in range(SPIKE_PER_ROUND):
            with suppress(OSError):
                connection = _connect(stack, SPIKE_ADDRESS)
                connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: spike\r\n\r\n".encode())
                open_connections.append(connection)
        open_connections = [one for one in open_connections[-SPIKE_MOST:] if _is_open(one)]
        time.sleep(SPIKE_ROUND_SECONDS)
    for connection in open_connections:
        connection.close()


def visitor(stack: Stack, lasts: Lasts) -> None:
    """Send requests that are counted, slowly."""
    _send(stack, lasts, VISITOR_ADDRESS, VISITS_PER_SECOND)


def slow_clients(stack: Stack, lasts: Lasts) -> None:
    """Send heads of requests byte by byte; open a connection anew where the server has ended one.

    A few at a time, so that they do not all end together.
    """
    connections: list[socket.socket] = []
    while lasts():
        for _ in range(min(SLOW_PER_ROUND, SLOW_CONNECTIONS - len(connections))):
            with suppress(OSError):
                connection = _connect(stack, SLOW_ADDRESS)
                connection.sendall(b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: ")
                connections.append(connection)
        connections = [one for one in connections if _is_open(one) and _trickle(one)]
        time.sleep(0.5)
    for connection in connections:
        connection.close()


def kill_workers(stack: Stack, lasts: Lasts) -> None:
    """Kill the newest worker, again and again, whenever all serve: the same slot each time."""
    while lasts():
        record = stack.records.alive("service")
        if record is not None and _all_serve(stack, record.workers):
            # So that it was scraped.
            _sleep(KILL_SECONDS, lasts)
            with suppress(psutil.Error, OSError, ValueError):
                newest = max(psutil.Process(record.pid).children(), key=psutil.Process.create_time)
                os.kill(newest.pid, signal.SIGKILL)
        _sleep(0.5, lasts)


def _all_serve(stack: Stack, workers: int) -> bool:
    first = stack.port("service", "management")
    urls = (f"http://127.0.0.1:{first + slot}/health/liveness" for slot in range(workers))
    return all(probes.probe(url).ready for url in urls)


def _sleep(seconds: float, lasts: Lasts) -> None:
    deadline = time.monotonic() + seconds
    while lasts() and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(0.2, left))


def _source(address: str) -> tuple[str, int] | None:
    # Other systems have no other address on the loopback interface; there these clients are exempt.
    return (address, 0) if sys.platform == "linux" else None


def _send(stack: Stack, lasts: Lasts, address: str, per_second: float) -> None:
    """Send requests at a rate on a kept connection, whatever becomes of them."""
    connection = http.client.HTTPConnection(
        "127.0.0.1",
        stack.port("service"),
        timeout=_TIMEOUT_SECONDS,
        source_address=_source(address),
    )
    due = time.monotonic()
    while lasts():
        try:
            connection.request("GET", PATH)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
        due = max(due + 1.0 / per_second, time.monotonic() - 1.0)
        time.sleep(max(0.0, due - time.monotonic()))
    connection.close()


def _connect(stack: Stack, address: str) -> socket.socket:
    connection = socket.create_connection(
        ("127.0.0.1", stack.port("service")), _TIMEOUT_SECONDS, _source(address)
    )
    connection.setblocking(False)
    return connection


def _is_open(connection: socket.socket) -> bool:
    """Read what has come; close a connection that the server has ended."""
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False


def _allow_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SPIKE_MOST + 100
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _trickle(connection: socket.socket) -> bool:
    """Send one byte more; returns whether the connection is still there."""
    try:
        connection.send(b"x")
    except OSError:
        connection.close()
        return False
    return True
