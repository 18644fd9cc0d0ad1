"""What is left of a request's body when its answer is complete.

A client may still be sending. To close at once would reset the connection and could destroy the
answer before it is read; to read on for the next request's sake would let a client keep us reading
for ever. So an answer that ends its connection is followed by a close in steps: no more is sent,
what arrives is thrown away for a bounded time, then the socket is closed. And who asks whether to
send a body is told to only when somebody reads it.

Source: RFC 9112, section 9.6 (tear-down); RFC 9110, section 10.1.1 (``Expect: 100-continue``).
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 64 * 1024**2
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_CHUNK_BYTES: Final = 64 * 1024


def linger(
    client: socket.socket, *, seconds: float = LINGER_SECONDS, most_bytes: int = LINGER_BYTES
) -> None:
    """Send no more, and throw away what arrives until the client is done too.

    Args:
        client: Its answer is sent; whoever called closes it.
        seconds: Longest to do so.
        most_bytes: Most to throw away.
    """
    deadline = time.monotonic() + seconds
    with contextlib.suppress(
        OSError
    ):  # it is gone already, or never stops: either way nothing is owed any more
        client.shutdown(socket.SHUT_WR)
        while most_bytes > 0 and (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            received = len(client.recv(_CHUNK_BYTES))
            if not received:
                return
            most_bytes -= received


class AskedFor:
    """A request's body that the client sends when it is told to go on: at the first read.

    Args:
        body: The server's own.
        go_on: Tells the client.
    """

    def __init__(self, body: Any, go_on: Callable[[], object]) -> None:
        self._body = body
        self._go_on = go_on
        self.wanted = False

    def read(self, size: int | None = None) -> bytes:
        """See ``wsgi.input`` of PEP 3333, as the other methods."""
        found: bytes = self._wanted().read(size)
        return found

    def readline(self, size: int | None = None) -> bytes:
        """One line, with its end."""
        found: bytes = self._wanted().readline(size)
        return found

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """All lines."""
        found: list[bytes] = self._wanted().readlines(hint)
        return found

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._wanted())

    def _wanted(self) -> Any:
        if not self.wanted:
            self.wanted = True
            self._go_on()
        return self._body
