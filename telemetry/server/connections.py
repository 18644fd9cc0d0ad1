"""The open connections of a server, and which of them wait for a request.

A drain waits for requests, not for connections: an idle kept one would otherwise hold the process
until its time-out. It is shut for reading only, so that a request that the kernel already holds is
still answered.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

import gevent

# A client that has just connected, or just been answered, is likely to send within a round trip.
FRESH_LINGER_SECONDS: Final = 1.0
USED_LINGER_SECONDS: Final = 0.25


class Connection:
    """One client's connection; served by one greenlet."""

    __slots__ = ("_clock", "_force_close", "_shut", "_socket", "idle_since", "used")

    def __init__(self, client: socket.socket, clock: Callable[[], float]) -> None:
        self._socket = client
        self._clock = clock
        self._force_close: Callable[[], object] | None = None
        self._shut = False
        self.idle_since: float | None = clock()
        self.used = False

    @contextmanager
    def busy(self, force_close: Callable[[], object]) -> Iterator[None]:
        """Mark that a request is served within the context.

        Args:
            force_close: Makes the server close the connection after this response.
        """
        self.idle_since, self.used, self._force_close = None, True, force_close
        try:
            yield
        finally:
            self.idle_since, self._force_close = self._clock(), None

    def close_after_response(self) -> None:
        """Make the request that is being served the connection's last."""
        if self._force_close is not None:
            self._force_close()

    def shut_when_idle(self) -> None:
        """Stop reading once the client has had its time to send."""
        linger = USED_LINGER_SECONDS if self.used else FRESH_LINGER_SECONDS
        if self._shut or self.idle_since is None or self._clock() - self.idle_since < linger:
            return
        self._shut = True
        try:
            self._socket.shutdown(socket.SHUT_RD)
        except OSError:  # it is gone already, which is the aim
            return


class RequestWait:
    """Context in which a connection waits for its next request; its body ends with the time.

    Greenlets take turns here: a client that always has its next request ready would otherwise keep
    the hub (p99 13.7 against 307 ms).

    Args:
        connection: The connection that waits.
        seconds: Longest time to wait.
    """

    __slots__ = ("_connection", "_timeout")

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = connection
        self._timeout = gevent.Timeout(seconds)

    def __enter__(self) -> None:
        if self._connection.used:
            gevent.sleep(0)
        self._timeout.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        self._timeout.close()
        return error is self._timeout


class Connections:
    """Every open connection of one process, by the greenlet that serves it.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[object, Connection] = {}

    @contextmanager
    def opened(self, client: socket.socket) -> Iterator[Connection]:
        """Register ``client`` as served by the current greenlet, until the context ends."""
        greenlet = gevent.getcurrent()
        connection = self._open[greenlet] = Connection(client, self._clock)
        try:
            yield connection
        finally:
            del self._open[greenlet]

    @property
    def current(self) -> Connection:
        """Connection that the current greenlet serves."""
        return self._open[gevent.getcurrent()]

    def close_after_response(self) -> None:
        """Make each request that is being served its connection's last."""
        for connection in list(self._open.values()):
            connection.close_after_response()

    def shut_idle(self) -> None:
        """Stop reading from the connections that have waited long enough."""
        for connection in list(self._open.values()):
            connection.shut_when_idle()
