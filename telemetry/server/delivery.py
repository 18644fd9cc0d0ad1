"""What was sent on one connection, and how much of it has arrived.

Whether an application has read its response cannot be known. What can: how many bytes the kernel
took, and how many of them the client's side has not acknowledged yet.

Source: tcp(7), ``SIOCOUTQ``.
"""

import fcntl
import struct
import termios
from collections.abc import Callable
from typing import Final

_INT: Final = struct.Struct("i")
_NOTHING_QUEUED: Final = bytes(_INT.size)


class Delivery:
    """The bytes of one connection.

    Args:
        fileno: Returns the descriptor of its socket.

    Attributes:
        sent_bytes: Those that the kernel took.
        waited: The present response had to wait for its client.
    """

    __slots__ = ("_before", "_fileno", "sent_bytes", "waited")

    def __init__(self, fileno: Callable[[], int]) -> None:
        self._fileno = fileno
        self.sent_bytes = 0
        self.begin_exchange()

    def begin_exchange(self) -> None:
        """Wait for the response to the next request."""
        self._before: int | None = None
        self.waited = False

    def begin_response(self) -> None:
        """Note that the head of the response is sent next: no other response can follow it."""
        self._before = self.sent_bytes

    @property
    def begun(self) -> bool:
        """Whether a response of the present exchange was begun, beside interim ones."""
        return self._before is not None

    @property
    def response_bytes(self) -> int:
        """Bytes of that response that the kernel took, its head included."""
        return 0 if self._before is None else self.sent_bytes - self._before

    @property
    def acknowledged_bytes(self) -> int:
        """Bytes that the client's side has acknowledged; those sent where that is not known."""
        try:
            queued = fcntl.ioctl(self._fileno(), termios.TIOCOUTQ, _NOTHING_QUEUED)
        except OSError:  # not every system has it for sockets: what the kernel took has to do
            return self.sent_bytes
        return self.sent_bytes - int(_INT.unpack(queued)[0])

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the kernel took and that were not acknowledged; 0 where that is not known."""
        return max(0, self.sent_bytes - self.acknowledged_bytes)
