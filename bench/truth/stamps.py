"""The kernel's own time of what a socket received.

Source: Linux, Documentation/networking/timestamping.rst, SO_TIMESTAMPNS.
"""

import socket
import struct
import time
from typing import Final

_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("qq")
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(_TIMESPEC.size)


def stamp(receiving: socket.socket) -> None:
    """Have the kernel note when data arrives at a socket."""
    receiving.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive(receiving: socket.socket, size: int) -> tuple[bytes, int]:
    """Receive data.

    Args:
        receiving: With stamps; not blocking.
        size: Most bytes.

    Returns:
        The data, and wall clock nanoseconds of the arrival of its last segment.

    Raises:
        BlockingIOError: There is nothing yet.
    """
    data, ancillary, _, _ = receiving.recvmsg(size, _ANCILLARY_BYTES)
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(value[: _TIMESPEC.size])
            return data, seconds * 1_000_000_000 + nanoseconds
    return data, time.time_ns()
