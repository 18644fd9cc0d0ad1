"""The files of all accounts, with the rules about accepted types and about access.

Nothing here depends on Flask: the caller and the bytes are arguments.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from uuid import UUID

from prometheus_client import Histogram

from service.accounts.access_tokens import Identity
from service.files.accepted_uploads import LARGEST_UPLOAD_BYTES
from service.files.model import StoredFile
from service.files.repository import FileRepository
from service.files.type_detection import HEAD_BYTES, TypeDetection
from service.mongo.cursor import Cursor


class EmptyFile(Exception):
    """The upload has no bytes."""


class UnsupportedFile(Exception):
    """The detected type of the content is not accepted; the text names the reason."""


class FileLibrary:
    """Stores files, and finds those that a caller may read.

    Args:
        files: Their repository.
        is_in_care: Whether a therapist (first) treats a member (second), and may read their files.
        media_types: Accepted types.
        sizes: Metric of the stored files' sizes, in bytes.
    """

    def __init__(
        self,
        files: FileRepository,
        is_in_care: Callable[[str, str], bool],
        media_types: Sequence[str],
        sizes: Histogram,
    ) -> None:
        self.media_types = media_types
        self._files = files
        self._is_in_care = is_in_care
        self._sizes = sizes

    def store(
        self, owner_id: str, name: str, pieces: Iterator[bytes], length: int | None
    ) -> StoredFile:
        """Store an upload as it arrives.

        Args:
            owner_id: Account of the owner.
            name: Clean.
            pieces: The bytes of the file.
            length: Announced size of the upload, at least that of the file; ``None`` if unknown.

        Raises:
            EmptyFile: It has no bytes.
            UnsupportedFile: Its type is not accepted.
            QuotaExceeded: The account's quota has no space for it.
            UploadTooLarge: It has more bytes than announced, or than an upload may have.
            UploadTooSlow: It took too long.
        """
        most_bytes = LARGEST_UPLOAD_BYTES if length is None else length
        with self._files.upload(owner_id, most_bytes) as upload:
            head = _head(pieces)
            detection = TypeDetection(head[:HEAD_BYTES])
            if not detection.may_be(self.media_types):
                raise UnsupportedFile(detection.reason)
            for piece in chain((head,), pieces):
                upload.write(piece)
                detection.feed(piece)
            media_type = detection.finish(upload)
            if media_type not in self.media_types:
                raise UnsupportedFile(detection.reason)
            file = self._files.store(upload, owner_id, name, media_type, detection.charset)
        self._sizes.observe(file.size_bytes)
        return file

    def find(self, caller: Identity, file_id: str) -> StoredFile | None:
        """Return a file if the caller may read it."""
        file = self._files.get(file_id) if is_id(file_id) else None
        return file if file and self.may_read_files_of(caller, file.owner_id) else None

    def may_read_files_of(self, caller: Identity, owner_id: str) -> bool:
        """Return whether the caller is the owner or the owner's therapist."""
        return caller.account_id == owner_id or (
            caller.role == "therapist" and self._is_in_care(caller.account_id, owner_id)
        )

    def page(
        self, owner_id: str, *, limit: int, after: Cursor | None
    ) -> tuple[list[StoredFile], Cursor | None]:
        """Return a page of an account's files, and its end unless it is the last page."""
        found = self._files.page(owner_id, limit=limit + 1, after=after)
        files = found[:limit]
        has_more = len(found) > limit
        return files, Cursor(files[-1].uploaded_at, files[-1].file_id) if has_more else None

    def read(self, file: StoredFile, begin: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of a file from ``begin`` up to ``end``."""
        return self._files.read(file, begin, end)

    def remove(self, file: StoredFile) -> bool:
        """Remove a file; false when another request removed it first."""
        return self._files.remove(file)


def is_id(text: str) -> bool:
    """Return whether a text is spelled like the id of a file or an account."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _head(pieces: Iterator[bytes]) -> bytes:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    if not head:
        raise EmptyFile
    return head
