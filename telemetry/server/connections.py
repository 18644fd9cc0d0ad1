"""The open connections of a server, and what each of them waits for.

A drain waits for requests, not for connections: an idle kept one would otherwise hold the process
until its time-out. It is shut for reading only, so that a request that the kernel already holds is
still answered. So is one that an application has taken over, whose end nothing else announces.
"""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final

import gevent

from telemetry.server.client_pace import NoRequest
from telemetry.server.client_socket import ClientSocket
from telemetry.server.client_waits import BodyLeft

# A client that has just connected, or just been answered, is likely to send within a round trip.
FRESH_LINGER_SECONDS: Final = 1.0
USED_LINGER_SECONDS: Final = 0.25


class Connection:
    """One client's connection; served by one greenlet."""

    __slots__ = ("_clock", "_force_close", "_shut", "client", "idle_since", "used")

    def __init__(self, client: ClientSocket, clock: Callable[[], float]) -> None:
        self.client = client
        self._clock = clock
        self._force_close: Callable[[], object] | None = None
        self._shut = False
        self.idle_since: float | None = clock()
        self.used = False

    def await_request(self, seconds: float, *, begun: bool) -> None:
        """Begin to wait for the next request.

        Greenlets take turns here: a client that always has its next request ready would otherwise
        keep the hub (p99 13.7 against 307 ms). A wait in the hub until the socket can be read is a
        turn as well, and costs less than a sleep before it.

        Args:
            seconds: Longest time to the request's first byte; its head has a time of its own.
            begun: The first bytes of the request have been received already.
        """
        self.client.await_request(seconds, begun=begun)
        if self.used:
            if begun:
                gevent.sleep(0)
            else:
                self.client.take_turns()

    def begin_request(
        self, force_close: Callable[[], object], body_left: BodyLeft | None = None
    ) -> None:
        """Mark that a request is served.

        Args:
            force_close: Makes the server close the connection after this response.
            body_left: See ``ClientSocket.begin_exchange``.
        """
        self.idle_since, self.used, self._force_close = None, True, force_close
        self.client.begin_exchange(body_left)

    def end_request(self) -> None:
        """Mark that it is served no longer."""
        self.client.end_exchange()
        self.idle_since, self._force_close = self._clock(), None

    @contextmanager
    def busy(
        self, force_close: Callable[[], object], body_left: BodyLeft | None = None
    ) -> Iterator[None]:
        """Mark that a request is served within the context; see ``begin_request``."""
        self.begin_request(force_close, body_left)
        try:
            yield
        finally:
            self.end_request()

    def close_after_response(self) -> None:
        """Make the request that is being served the connection's last."""
        if self._force_close is not None:
            self._force_close()

    def shut_when_idle(self) -> None:
        """Stop reading once the client has had its time to send."""
        if self._shut:
            return
        if not self.client.handed_over:
            linger = USED_LINGER_SECONDS if self.used else FRESH_LINGER_SECONDS
            if self.idle_since is None or self._clock() - self.idle_since < linger:
                return
        self.stop_reading()

    def stop_reading(self) -> None:
        """Let an idle connection end; what the kernel already holds is still read."""
        self._shut = True
        with suppress(OSError):  # it is gone already, which is the aim
            self.client.shutdown(socket.SHUT_RD)

    @property
    def is_fresh(self) -> bool:
        """Whether its client has just connected, and is likely to send its first request."""
        return (
            not self.used
            and not self._shut
            and self.idle_since is not None
            and self._clock() - self.idle_since < FRESH_LINGER_SECONDS
        )

    @property
    def can_be_ended(self) -> bool:
        """Whether it is idle, and not ending already."""
        return self.idle_since is not None and self.client.is_idle and not self._shut


class RequestWait:
    """Context in which a connection waits for its next request; its body ends with the time.

    See ``Connection.await_request``.

    Args:
        connection: The connection that waits.
        seconds: Longest time to the request's first byte; its head has a time of its own.
        begun: The first bytes of the request have been received already.
    """

    __slots__ = ("_begun", "_connection", "_seconds")

    def __init__(self, connection: Connection, seconds: float, *, begun: bool = False) -> None:
        self._connection = connection
        self._seconds = seconds
        self._begun = begun

    def __enter__(self) -> None:
        self._connection.await_request(self._seconds, begun=self._begun)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        return isinstance(error, NoRequest)


class Connections:
    """Every open connection of one process, by the greenlet that serves it.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[object, Connection] = {}
        self._by_origin: Counter[str] = Counter()

    @contextmanager
    def opened(self, client: ClientSocket, origin: str = "") -> Iterator[Connection]:
        """Register ``client`` as served by the current greenlet, until the context ends.

        Args:
            client: The socket.
            origin: Address, or network, by which connections are counted.
        """
        greenlet = gevent.getcurrent()
        connection = self._open[greenlet] = Connection(client, self._clock)
        self._by_origin[origin] += 1
        try:
            yield connection
        finally:
            del self._open[greenlet]
            self._by_origin[origin] -= 1
            if not self._by_origin[origin]:
                del self._by_origin[origin]

    @property
    def current(self) -> Connection:
        """Connection that the current greenlet serves."""
        return self._open[gevent.getcurrent()]

    @property
    def open(self) -> int:
        """Number of open connections."""
        return len(self._open)

    def has_fresh(self) -> bool:
        """Return whether a client has just connected, and is likely to send its first request."""
        return any(connection.is_fresh for connection in self._open.values())

    def open_from(self, origin: str) -> int:
        """Return the number of open connections from an address or network."""
        return self._by_origin[origin]

    def wait_for_client(self, greenlet: object) -> bool:
        """Return whether the request that a greenlet serves waits for its client."""
        connection = self._open.get(greenlet)
        return connection is not None and connection.client.waits_for_client

    def end_longest_idle(self) -> bool:
        """End the connection that has been idle for longest; returns whether there was one."""
        idle = [
            (connection.idle_since or 0.0, number, connection)
            for number, connection in enumerate(self._open.values())
            if connection.can_be_ended
        ]
        if idle:
            min(idle)[2].stop_reading()
        return bool(idle)

    def close_after_response(self) -> None:
        """Make each request that is being served its connection's last."""
        for connection in list(self._open.values()):
            connection.close_after_response()

    def shut_idle(self) -> None:
        """Stop reading from the connections that have waited long enough."""
        for connection in list(self._open.values()):
            connection.shut_when_idle()

    def give_up_clients(self) -> None:
        """End every wait for a client: the drain's time is over."""
        for connection in list(self._open.values()):
            connection.client.give_up()
