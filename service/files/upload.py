"""Writing one file into GridFS, chunk by chunk.

pymongo's own ``GridIn`` buffers up to 32 MB before it writes anything, which is more than the
largest upload; so chunks are written here, as GridFS's specification defines them, and any GridFS
tool reads them. A chunk's ``_id`` consists of the file's id and the chunk's number: reading or
removing a chunk is a command by ``_id``, on FerretDB too, which decodes a whole collection for any
other filter.

Source: GridFS specification (MongoDB drivers), "chunks collection".
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from pymongo.collection import Collection

CHUNK_BYTES: Final = 1024**2
"""Of one chunk: a large file takes 25 commands and spans; GridFS's default of 255 KiB takes 100."""

Document = dict[str, Any]


class UploadTooLarge(Exception):
    """The upload exceeds the size reserved for it."""


class UploadTooSlow(Exception):
    """The upload passed its deadline."""


def chunk_id(file_id: str, number: int) -> str:
    """Return the ``_id`` of a chunk."""
    return f"{file_id}:{number}"


def chunks_of(size_bytes: int) -> int:
    """Return the number of chunks of a file."""
    return -(-size_bytes // CHUNK_BYTES)


class Upload:
    """One file that is being written.

    Args:
        chunks: GridFS's collection of chunks.
        file_id: Of the new file.
        most_bytes: Size reserved for it.
        deadline: Latest time of its completion.
        now: In UTC.
    """

    def __init__(
        self,
        chunks: Collection[Document],
        file_id: str,
        most_bytes: int,
        deadline: datetime,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self.file_id = file_id
        self.size_bytes = 0
        self.chunk_count = 0
        self._chunks = chunks
        self._most_bytes = most_bytes
        self._deadline = deadline
        self._now = now
        self._buffer = bytearray()
        self._digest = sha256()
        self._last_read = -1, b""

    def write(self, data: bytes) -> None:
        """Write the next bytes.

        Raises:
            UploadTooLarge: They exceed the reserved size.
            UploadTooSlow: The deadline is over.
        """
        self.size_bytes += len(data)
        if self.size_bytes > self._most_bytes:
            raise UploadTooLarge
        self._digest.update(data)
        self._buffer += data
        while len(self._buffer) >= CHUNK_BYTES:
            self._flush()

    def read_at(self, begin: int, size: int) -> bytes:
        """Return the bytes from ``begin`` on, fewer than ``size`` at the end of those written."""
        found = bytearray()
        end = min(begin + size, self.size_bytes)
        while begin + len(found) < end:
            number, start = divmod(begin + len(found), CHUNK_BYTES)
            found += self._piece(number)[start : start + end - begin - len(found)]
        return bytes(found)

    def finish(self) -> Document:
        """Write the remaining bytes.

        Returns:
            The members of the file's document that depend on its bytes.

        Raises:
            UploadTooSlow: The deadline is over.
        """
        if self._buffer:
            self._flush()
        return {
            "length": self.size_bytes,
            "chunkSize": CHUNK_BYTES,
            "sha256": self._digest.hexdigest(),
        }

    def is_in_time(self) -> bool:
        """Return whether the deadline is not over yet."""
        return self._now() <= self._deadline

    def _piece(self, number: int) -> bytes | bytearray:
        if number >= self.chunk_count:
            return self._buffer
        if self._last_read[0] != number:
            chunk = self._chunks.find_one({"_id": chunk_id(self.file_id, number)}, {"data": True})
            if chunk is None:  # removed as stale
                raise UploadTooSlow
            self._last_read = number, chunk["data"]
        return self._last_read[1]

    def _flush(self) -> None:
        if not self.is_in_time():
            raise UploadTooSlow
        number, self.chunk_count = self.chunk_count, self.chunk_count + 1
        with memoryview(self._buffer) as view:
            data = bytes(view[:CHUNK_BYTES])
        del self._buffer[:CHUNK_BYTES]
        self._chunks.insert_one(
            {
                "_id": chunk_id(self.file_id, number),
                "files_id": self.file_id,
                "n": number,
                "data": data,
            }
        )


def remove_chunks(chunks: Collection[Document], file_id: str, count: int) -> None:
    """Remove the existing chunks of a file."""
    for number in range(count):
        chunks.delete_one({"_id": chunk_id(file_id, number)})
