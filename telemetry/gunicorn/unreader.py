"""What has been received on a connection and not been parsed yet.

gunicorn's own keeps it in a ``BytesIO``, of which each request makes four.
"""

from typing import Any, Final

RECEIVE_BYTES: Final = 8192
MOST_BYTES: Final = 1024 * 1024


class BytesUnreader:
    """gunicorn's ``SocketUnreader`` on a plain buffer.

    Args:
        sock: The client's.
    """

    __slots__ = ("held", "last_request", "sock")

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.held = b""
        """Received, and not read."""
        self.last_request: Any = None
        """The last one whose headers the parser keeps."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Receive some bytes; none at the end.

        Args:
            size_hint: How many the caller may consume.
        """
        size = RECEIVE_BYTES
        if size_hint and size_hint > size:
            size = min(size_hint, MOST_BYTES)
        data: bytes = self.sock.recv(size)
        return data

    def take_buffered(self) -> bytes:
        """Return what has been received already."""
        held, self.held = self.held, b""
        return held

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Read bytes.

        Args:
            size: How many; fewer only at the end. Without it, or below 0, those that are received
                already, else those that are received next.
            read_ahead: How many the caller may consume in all from here.

        Raises:
            TypeError: ``size`` is no number.
        """
        if size is None:
            return self.take_buffered() or self.chunk(read_ahead)
        if not isinstance(size, int):
            raise TypeError("size must be an int")
        if size < 0:
            return self.take_buffered() or self.chunk(read_ahead)
        if len(self.held) < size:
            self._receive_until(size, read_ahead or 0)
        data, self.held = self.held[:size], self.held[size:]
        return data

    def unread(self, data: bytes) -> None:
        """Put bytes back, before those that are held."""
        if data:
            self.held = bytes(data) + self.held

    def _receive_until(self, size: int, read_ahead: int) -> None:
        pieces, received = [self.held], len(self.held)
        try:
            while received < size:
                piece = self.chunk(max(size, read_ahead) - received)
                if not piece:
                    return
                pieces.append(piece)
                received += len(piece)
        finally:
            self.held = b"".join(pieces)
