"""The socket of one client, which waits no longer than its bounds allow.

Both servers read and write through it. It knows what the server waits for, so that a drain can
distinguish a client that is slow from an application that works. Every failure of the connection is
raised as a ``ClientFailure``: none of them may become a 500, an uncaught exception or an exit code.
"""

import fcntl
import os
import socket as stdlib_socket
import struct
import termios
import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent import socket as gevent_socket

from telemetry.server.client_pace import (
    ClientBounds,
    ClientGone,
    ClientTooSlow,
    HeadWait,
    Pace,
    Part,
)

SEND_BYTES: Final = 1024 * 1024
_RESET: Final = struct.pack("ii", 1, 0)
_INT: Final = struct.Struct("i")
_NOTHING_QUEUED: Final = bytes(_INT.size)


class ClientSocket(gevent_socket.socket):
    """One accepted connection; it waits for a request at first.

    Args:
        accepted: gevent's socket; its descriptor moves to this one.
        address: The peer's address, for the log; empty on a Unix socket.
        bounds: What the client may take.
    """

    def __init__(self, accepted: Any, address: str, bounds: ClientBounds) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.peer_address = address
        self.too_slow: ClientTooSlow | None = None
        """Why the client's present request was given up."""
        self.gone = False
        """The client left in the middle of its request or of the response."""
        self.handed_over = False
        """The application took the connection over, for WebSocket or another protocol."""
        self._bounds = bounds
        self._head = bounds.head()
        self._body = bounds.body()
        self._response = bounds.response()
        self._reading: HeadWait | Pace | None = None
        self._waiter: Any = None
        self._waits_for: Part = "head"
        self._sent_bytes = 0
        self.await_request(bounds.idle_seconds)

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client that the server, or an application that took over, waits for."""
        return self._waiter is not None or self.handed_over

    @property
    def is_idle(self) -> bool:
        """Whether no byte of the next request has come."""
        return self._reading is self._head and not self._head.begun

    def await_request(self, idle_seconds: float, *, begun: bool = False) -> None:
        """Wait for the next request; a wait that has begun goes on.

        Args:
            idle_seconds: Longest time to its first byte.
            begun: Its first bytes have been received with the request before.
        """
        if self._reading is not self._head or (begun and not self._head.begun):
            self._head.restart(time.monotonic(), idle_seconds, begun=begun)
            self._reading = self._head

    def begin_exchange(self) -> None:
        """Begin to read a body and to write a response."""
        self.too_slow = None
        self._body.restart()
        self._response.restart()
        self._reading = self._body

    def end_exchange(self) -> None:
        """End it; what is read now belongs to no request."""
        if self._reading is self._body:
            self._reading = None

    def hand_over(self) -> None:
        """Leave reading and writing, and all bounds, to the application."""
        self.handed_over = True
        self._reading = None

    def give_up(self) -> None:
        """End the wait for the client in the greenlet that waits; the drain's time is over.

        An application that has taken the connection over is killed with its greenlet.
        """
        if self._waiter is not None:
            gevent.kill(self._waiter, ClientTooSlow(self._waits_for, "drain"))
        elif self.handed_over:
            self._report(ClientTooSlow(self._waits_for, "drain"))

    def dup(self) -> Any:
        """Return another socket of the connection; it is the application's, without bounds."""
        descriptor = os.dup(self.fileno())
        return gevent_socket.socket(self.family, self.type, self.proto, fileno=descriptor)

    def shutdown(self, how: int) -> None:
        """Close one direction or both; a lingering close bounds what it reads by itself."""
        if how != stdlib_socket.SHUT_RD:
            self._reading = None
        super().shutdown(how)

    def recv(self, *args: Any) -> bytes:
        """Receive, within the bounds of what the server waits for.

        Raises:
            ClientTooSlow: The client takes too long.
            ClientGone: The connection broke.
            NoRequest: The connection was idle for too long.
        """
        received: bytes = self._receive(super().recv, args, len)
        return received

    def recv_into(self, *args: Any) -> int:
        """Receive into a buffer; see ``recv``."""
        received: int = self._receive(super().recv_into, args, int)
        return received

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all, within the bounds of a response.

        Raises:
            ClientTooSlow: The client does not read, or too slowly.
            ClientGone: The connection broke.
        """
        if self.handed_over:
            super().sendall(data, flags)
            return
        view = memoryview(data).cast("B")
        offset = 0
        try:
            while offset < len(view):
                offset += self._send_some(view[offset : offset + SEND_BYTES], flags)
                if offset < len(view):
                    self._wait_for_room()
        except ClientTooSlow as error:
            self._report(error)
            raise
        except OSError as error:
            self.gone = True
            raise ClientGone from error

    def _receive(
        self, receive: Callable[..., Any], args: tuple[Any, ...], size: Callable[[Any], int]
    ) -> Any:
        reading, own_timeout = self._reading, self.timeout
        if reading is None or own_timeout == 0.0:
            return receive(*args)
        self._waits_for = "body" if reading is self._body else "head"
        try:
            received = self._wait_to_receive(receive, args, size, reading)
        except ClientTooSlow as error:
            self._report(error)
            raise
        except OSError as error:
            self.gone = True
            raise ClientGone from error
        else:
            # The reader of the body makes what it must of a body that ends too early.
            self.gone = self.gone or (reading is self._body and not size(received))
            return received
        finally:
            self._waiter = None
            self.settimeout(own_timeout)

    def _wait_to_receive(
        self,
        receive: Callable[..., Any],
        args: tuple[Any, ...],
        size: Callable[[Any], int],
        reading: HeadWait | Pace,
    ) -> Any:
        now = time.monotonic()
        while True:
            began = now
            self.settimeout(reading.left_seconds(began))
            self._waiter = gevent.getcurrent()
            try:
                received = receive(*args)
            except ClientTooSlow:  # a drain's
                raise
            except TimeoutError:
                now = time.monotonic()
                reading.waited(now - began, 0, now)
                continue
            now = time.monotonic()
            reading.waited(now - began, size(received), now)
            return received

    def _send_some(self, data: memoryview, flags: int) -> int:
        try:
            sent: int = self._sock.send(data, flags)  # type: ignore[attr-defined]
        except BlockingIOError:
            return 0
        self._sent_bytes += sent
        return sent

    def _wait_for_room(self) -> None:
        """Wait until the kernel takes more, or the period of the response's rate is over.

        What counts is what the client's side acknowledged. The kernel reports room only once a
        third of its buffer, which may be megabytes, is free: an honest slow client would seem to
        stand still.
        """
        own_timeout, acknowledged = self.timeout, self._acknowledged_bytes()
        began = time.monotonic()
        self._waits_for = "response"
        self.settimeout(self._response.left_seconds())
        self._waiter = gevent.getcurrent()
        try:
            self._wait(self._write_event)  # type: ignore[attr-defined]
        except ClientTooSlow:  # a drain's
            raise
        except TimeoutError:
            pass
        finally:
            self._waiter = None
            self.settimeout(own_timeout)
        moved = self._acknowledged_bytes() - acknowledged
        self._response.waited(time.monotonic() - began, moved)

    def _acknowledged_bytes(self) -> int:
        try:
            queued = fcntl.ioctl(self.fileno(), termios.TIOCOUTQ, _NOTHING_QUEUED)
        except OSError:  # not every system has it for sockets: what the kernel took has to do
            return self._sent_bytes
        return self._sent_bytes - int(_INT.unpack(queued)[0])

    def _report(self, error: ClientTooSlow) -> None:
        if error.part == "response":
            # Its close is a reset: the kernel keeps nothing for a client that does not read.
            self.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_LINGER, _RESET)
        if self.too_slow is None:
            self.too_slow = error
            self._bounds.on_too_slow(self.peer_address, error)
