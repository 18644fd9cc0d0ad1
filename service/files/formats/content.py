"""The bytes of a file by position, wherever they are stored."""

import io
from dataclasses import dataclass
from typing import Protocol


class Content(Protocol):
    """A complete file."""

    @property
    def size_bytes(self) -> int:
        """Size of the file."""

    def read_at(self, begin: int, size: int) -> bytes:
        """Return the bytes from ``begin`` on, fewer than ``size`` at the end of the file."""


@dataclass(frozen=True, slots=True)
class BytesContent:
    """A file in memory."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return len(self.data)

    def read_at(self, begin: int, size: int) -> bytes:
        """Return the bytes from ``begin`` on."""
        return self.data[begin : begin + size]


def tail(content: Content, size: int) -> bytes:
    """Return the last bytes of a file."""
    begin = max(0, content.size_bytes - size)
    return content.read_at(begin, content.size_bytes - begin)


class ContentReader(io.RawIOBase):
    """A file as a stream that ``zipfile`` reads, with positions.

    Args:
        content: The file.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._content.size_bytes}
        at = origins[whence] + offset
        if at < 0:
            raise OSError("before the beginning")
        self._at = at
        return at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        left = max(0, self._content.size_bytes - self._at)
        data = self._content.read_at(self._at, left if size < 0 else min(size, left))
        self._at += len(data)
        return data
