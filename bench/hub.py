"""For benchmarks in a gevent process: a listener without delays, and the stalls of the hub."""

import socket
import time

import gevent

_SLEEP_SECONDS = 0.001


def listener() -> socket.socket:
    """Return a listening socket on a free port of the loopback interface.

    Accepted sockets inherit TCP_NODELAY; without it a keep-alive response waits 44 ms for an
    acknowledgement, which hides everything else.
    """
    opened = socket.create_server(("127.0.0.1", 0))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setblocking(False)
    return opened


def record_stalls(stalls: list[float]) -> None:
    """Append, for ever, how many seconds late each short sleep ends; run it in a greenlet."""
    while True:
        started = time.perf_counter()
        gevent.sleep(_SLEEP_SECONDS)
        stalls.append(max(0.0, time.perf_counter() - started - _SLEEP_SECONDS))
