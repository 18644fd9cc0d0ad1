"""A request's body as a stream that ends where the body does.

Source: PEP 3333 for ``wsgi.input``; RFC 9110, section 10.1.1 for ``Expect: 100-continue``.
"""

import io
from collections.abc import Callable
from typing import Any, Final

from telemetry.http1 import rules
from telemetry.http1.chunked import ChunkedReader, Stream
from telemetry.http1.framing import CHUNKED
from telemetry.http1.rules import MalformedBody

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestBody(io.RawIOBase):
    """The raw stream under ``wsgi.input``.

    Args:
        stream: What is received; nothing beyond the body is read from it.
        length: See ``framing.body_length``.
        send_continue: Asks the client for the body, before the first read; ``None`` when the client
            does not wait for that.
        app_socket: The connection's socket for an app, where libraries for WebSocket expect it.
    """

    def __init__(
        self,
        stream: Stream,
        length: int | None,
        send_continue: Callable[[], object] | None,
        app_socket: Any,
    ) -> None:
        self._stream = stream
        self._left = 0 if length is None or length == CHUNKED else length
        self._chunks = ChunkedReader(stream) if length == CHUNKED else None
        self._send_continue = send_continue
        self._sock = app_socket

    @property
    def chunked(self) -> bool:
        """Whether it is sent in chunks."""
        return self._chunks is not None

    @property
    def left_bytes(self) -> int | None:
        """Bytes that have not been read; ``None`` where that is not known."""
        return None if self.chunked else self._left

    @property
    def ended(self) -> bool:
        """Whether all of it was read."""
        return self._chunks.ended if self._chunks is not None else not self._left

    @property
    def awaited(self) -> bool:
        """Whether the client still waits for permission to send it."""
        return self._send_continue is not None and not self.ended

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes.

        Raises:
            MalformedBody: The framing is broken, or the connection ended.
        """
        if self.ended or not len(buffer):
            return 0
        if self._send_continue is not None:
            send, self._send_continue = self._send_continue, None
            send()
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        if self._chunks is not None:
            return self._chunks.read(size)
        data = self._stream.read1(min(size, self._left))
        if not data:
            raise MalformedBody(rules.BODY_ENDED)
        self._left -= len(data)
        return data
