"""The socket of one client, which waits no longer than its bounds allow.

Both servers read and write through it. It knows what the server waits for, so that a drain can
distinguish a client that is slow from an application that works. Every failure of the connection is
raised as a ``ClientFailure``: none of them may become a 500, an uncaught exception or an exit code.
"""

import os
import socket as stdlib_socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent import socket as gevent_socket

from telemetry.requests.arrival import Arrival
from telemetry.requests.record import current_record
from telemetry.server.bounded_wait import BoundedWait
from telemetry.server.client_pace import (
    ClientBounds,
    ClientGone,
    ClientTooSlow,
    HeadWait,
    Pace,
    Part,
)
from telemetry.server.client_waits import PHASES, BodyLeft, BodyWait, ResponseWait
from telemetry.server.delivery import Delivery
from telemetry.server.head_receiver import HeadReceiver

SEND_BYTES: Final = 1024 * 1024
_RESET: Final = struct.pack("ii", 1, 0)


class ClientSocket(gevent_socket.socket):
    """One accepted connection; it waits for a request at first.

    Args:
        accepted: gevent's socket; its descriptor moves to this one.
        address: The peer's address, for the log; empty on a Unix socket.
        bounds: What the client may take.
    """

    _sock: Any
    _read_event: Any
    _write_event: Any
    hub: Any

    def __init__(self, accepted: Any, address: str, bounds: ClientBounds) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.peer_address = address
        self.too_slow: ClientTooSlow | None = None
        """Why the client's present request was given up."""
        self.gone = False
        """The client left in the middle of its request or of the response."""
        self.handed_over = False
        """The application took the connection over, for WebSocket or another protocol."""
        self.arrival = Arrival()
        """When the present request arrived."""
        self.delivery = Delivery(self.fileno)
        self._bounds = bounds
        self._head = bounds.head()
        self._body = bounds.body()
        self._response = bounds.response()
        self._reading: HeadWait | Pace | None = None
        self._bounded_wait = BoundedWait(self.hub)
        self._waits_for: Part = "head"
        self._takes_turns = False
        self._body_left: BodyLeft | None = None
        self._heads = HeadReceiver(self._sock, self.arrival)
        self.await_request(bounds.idle_seconds)

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client that the server, or an application that took over, waits for."""
        return self._bounded_wait.greenlet is not None or self.handed_over

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
        if begun:
            self.arrival.carry_over()

    def take_turns(self) -> None:
        """Let others have their turn before the next byte is received."""
        self._takes_turns = True

    def begin_exchange(self, body_left: BodyLeft | None = None) -> None:
        """Begin to read a body, for whose wait ``body_left`` is, and to write a response."""
        self.too_slow = None
        self.delivery.begin_exchange()
        self._body_left = body_left
        self._body.restart()
        self._response.restart()
        self._reading = self._body

    def end_exchange(self) -> None:
        """End it; what is read now belongs to no request."""
        if self._reading is self._body:
            self._reading = None
        self._body_left = None
        self.arrival.free()

    def hand_over(self) -> None:
        """Leave reading and writing, and all bounds, to the application."""
        self.handed_over = True
        self._reading = None

    def give_up(self) -> None:
        """End the wait for the client in the greenlet that waits; the drain's time is over.

        An application that has taken the connection over is killed with its greenlet.
        """
        if self._bounded_wait.greenlet is not None:
            gevent.kill(self._bounded_wait.greenlet, ClientTooSlow(self._waits_for, "drain"))
        elif self.handed_over:
            self._report(ClientTooSlow(self._waits_for, "drain"))

    def dup(self) -> Any:
        """Return another socket of the connection; it is the application's, without bounds."""
        descriptor = os.dup(self.fileno())
        return gevent_socket.socket(self.family, self.type, self.proto, fileno=descriptor)

    def close(self) -> None:
        """Close the connection."""
        self._bounded_wait.close()
        super().close()

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
        reading = self._reading
        if reading is None or self.timeout == 0.0:
            received: bytes = super().recv(*args)
            return received
        receive = self._heads.receive if reading is self._head else self._sock.recv
        data: bytes = self._receive(receive, args, len, reading)
        return data

    def recv_into(self, *args: Any) -> int:
        """Receive into a buffer; see ``recv``."""
        reading = self._reading
        if reading is None or self.timeout == 0.0:
            if self.timeout == 0.0 and reading is not self._body and not self.handed_over:
                return self._heads.receive_into(*args)
            received: int = super().recv_into(*args)
            return received
        receive = self._heads.receive_into if reading is self._head else self._sock.recv_into
        return int(self._receive(receive, args, int, reading))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all, within the bounds of a response.

        Raises:
            ClientTooSlow: The client does not read, or too slowly.
            ClientGone: The connection broke.
        """
        if self.handed_over:
            super().sendall(data, flags)
            return
        try:
            sent = 0
            if isinstance(data, bytes) and len(data) <= SEND_BYTES:
                sent = self._send_some(data, flags)
                if sent == len(data):
                    return
                self._wait_for_room(len(data) - sent)
            self._send_rest(memoryview(data).cast("B")[sent:], flags)
        except ClientTooSlow as error:
            self._report(error)
            raise
        except OSError as error:
            self.gone = True
            raise ClientGone from error

    def _send_rest(self, view: memoryview, flags: int) -> None:
        offset = 0
        while offset < len(view):
            offset += self._send_some(view[offset : offset + SEND_BYTES], flags)
            if offset < len(view):
                self._wait_for_room(len(view) - offset)

    def _receive(
        self,
        receive: Callable[..., Any],
        args: tuple[Any, ...],
        size: Callable[[Any], int],
        reading: HeadWait | Pace,
    ) -> Any:
        """Receive what was sent for the server: the one place where it is."""
        now = time.monotonic()
        waits_first, self._takes_turns = self._takes_turns, False
        part: Part = "body" if reading is self._body else "head"
        try:
            while True:
                if not waits_first:
                    try:
                        received = receive(*args)
                        break
                    except BlockingIOError:
                        pass
                waits_first = False
                began = now
                self._wait_for(part, self._read_event, reading.left_seconds(began), began)
                now = time.monotonic()
                reading.waited(now - began, 0, now)
        except ClientTooSlow as error:
            self._report(error)
            raise
        except OSError as error:
            self.gone = True
            raise ClientGone from error
        count = size(received)
        reading.waited(0.0, count, now)
        # The reader of the body makes what it must of a body that ends too early.
        if not count and part == "body":
            self.gone = True
        return received

    def _send_some(self, data: bytes | memoryview, flags: int) -> int:
        try:
            sent: int = self._sock.send(data, flags)
        except BlockingIOError:
            return 0
        self.delivery.sent_bytes += sent
        return sent

    def _wait_for_room(self, left_bytes: int) -> None:
        """Wait until the kernel takes more, or the period of the response's rate is over."""
        # What counts is what the client's side acknowledged. The kernel reports room only once a
        # third of its buffer, which may be megabytes, is free: an honest slow client would seem to
        # stand still.
        self.delivery.waited = True
        acknowledged = self.delivery.acknowledged_bytes
        began = time.monotonic()
        seconds = self._response.left_seconds()
        self._wait_for("response", self._write_event, seconds, began, left_bytes)
        moved = self.delivery.acknowledged_bytes - acknowledged
        self._response.waited(time.monotonic() - began, moved)

    def _wait_for(
        self, part: Part, event: Any, seconds: float, now: float, left_bytes: int = 0
    ) -> None:
        if self._bounded_wait.greenlet is None:
            self._waits_for = part
        record = current_record()
        if record is None:
            self._bounded_wait.until(event, seconds, now)
            return
        if part == "response":
            subject: object = ResponseWait(self.peer_address, self.delivery, left_bytes)
        else:
            subject = BodyWait(self.peer_address, self._body_left)
        wait = record.begin_wait(PHASES[part], subject)
        try:
            self._bounded_wait.until(event, seconds, now)
        finally:
            record.end_wait(wait)

    def _report(self, error: ClientTooSlow) -> None:
        if error.part == "response":
            # Its close is a reset: the kernel keeps nothing for a client that does not read.
            self.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_LINGER, _RESET)
        if self.too_slow is None:
            self.too_slow = error
            self._bounds.on_too_slow(self.peer_address, error)
