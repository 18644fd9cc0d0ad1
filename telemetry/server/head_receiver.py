"""Receives the heads of requests, with the time at which the kernel got them."""

import _socket
import struct
from typing import Any, Final

from telemetry.requests.arrival import Arrival
from telemetry.sockets import SO_TIMESTAMPNS, stamp_arrivals

_TIMESPEC: Final = struct.Struct("@ll")
_ROOM: Final = _socket.CMSG_SPACE(_TIMESPEC.size)


class HeadReceiver:
    """Receives on one connection.

    Where several parts came before the first was read, the kernel may have kept the time of the
    last of them only.

    Args:
        sock: The native socket.
        arrival: Is noted what arrived when.
    """

    __slots__ = ("_arrival", "_is_stamped", "_sock")

    def __init__(self, sock: Any, arrival: Arrival) -> None:
        self._sock = sock
        self._arrival = arrival
        # The listener's option is inherited, but for sockets that were accepted from elsewhere.
        self._is_stamped = stamp_arrivals(sock)

    def receive(self, size: int, flags: int = 0) -> bytes:
        """Receive some bytes; the arguments are those of ``recv``."""
        data: bytes
        if self._is_stamped:
            data, notes, _, _ = self._sock.recvmsg(size, _ROOM, flags)
            if data:
                self._arrival.received(_stamp_in(notes) if notes else 0)
        else:
            data = self._sock.recv(size, flags)
            if data:
                self._arrival.received(0)
        return data

    def receive_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """Receive into a buffer; the arguments are those of ``recv_into``."""
        received: int
        if self._is_stamped:
            room = memoryview(buffer)[:size] if size else buffer
            received, notes, _, _ = self._sock.recvmsg_into([room], _ROOM, flags)
            if received:
                self._arrival.received(_stamp_in(notes) if notes else 0)
        else:
            received = self._sock.recv_into(buffer, size, flags)
            if received:
                self._arrival.received(0)
        return received


def _stamp_in(notes: list[tuple[int, int, bytes]]) -> int:
    """Return the stamp among ancillary data, nanoseconds since 1970; 0 without one."""
    _, kind, data = notes[0]
    if kind != SO_TIMESTAMPNS or len(data) != _TIMESPEC.size:
        return 0
    seconds: int
    nanoseconds: int
    seconds, nanoseconds = _TIMESPEC.unpack(data)
    return seconds * 1_000_000_000 + nanoseconds
