"""One file on its way into GridFS, chunk by chunk.

pymongo's own ``GridIn`` keeps up to 32 MB before it writes anything, which is more than a whole
file of ours; so chunks are written here, as GridFS's specification has them, and any GridFS tool
reads them. A chunk's ``_id`` is made of the file's and its number: reading or removing one is a
command by ``_id``, on FerretDB too, which decodes a whole collection for any other question.

Source: GridFS specification (MongoDB drivers), "chunks collection".
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from pymongo.collection import Collection

CHUNK_BYTES: Final = 1024**2
"""Of one chunk: a large file is 25 commands, and as many spans. GridFS's usual 255 KiB would make
100 of each.
"""

Document = dict[str, Any]


class UploadTooLarge(Exception):
    """More came than was reserved."""


class UploadTooSlow(Exception):
    """The upload takes longer than it may."""


def chunk_id(file_id: str, number: int) -> str:
    """The ``_id`` of a chunk."""
    return f"{file_id}:{number}"


def chunks_of(size_bytes: int) -> int:
    """How many chunks a file has."""
    return -(-size_bytes // CHUNK_BYTES)


class Upload:
    """Takes the bytes of one file.

    Args:
        chunks: GridFS's own collection of them.
        file_id: Of the file to be.
        most_bytes: What is reserved for it.
        deadline: When it has to be complete.
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
        self.written = 0
        self._chunks = chunks
        self._most_bytes = most_bytes
        self._deadline = deadline
        self._now = now
        self._buffer = bytearray()
        self._digest = sha256()

    def write(self, data: bytes) -> None:
        """The next bytes.

        Raises:
            UploadTooLarge: They are more than there is room for.
            UploadTooSlow: It is too late.
        """
        self.size_bytes += len(data)
        if self.size_bytes > self._most_bytes:
            raise UploadTooLarge
        self._digest.update(data)
        self._buffer += data
        while len(self._buffer) >= CHUNK_BYTES:
            self._flush()

    def finish(self) -> Document:
        """Write what is left.

        Returns:
            The members of the file's document that are known from its bytes.

        Raises:
            UploadTooSlow: It is too late.
        """
        if self._buffer:
            self._flush()
        return {
            "length": self.size_bytes,
            "chunkSize": CHUNK_BYTES,
            "sha256": self._digest.hexdigest(),
        }

    def is_in_time(self) -> bool:
        """Whether it may still be completed."""
        return self._now() <= self._deadline

    def _flush(self) -> None:
        if not self.is_in_time():
            raise UploadTooSlow
        number, self.written = self.written, self.written + 1
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
    """Remove the chunks of a file, those of them that are there."""
    for number in range(count):
        chunks.delete_one({"_id": chunk_id(file_id, number)})
