"""Files in GridFS, each somebody's own.

A file is there when its document is, which comes last and goes first; chunks without one are what
an upload or a removal left behind, and are cleared away by whoever uploads next (``allowance`` says
how they are known).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import uuid4

import gevent
from pymongo import DESCENDING
from pymongo.database import Database
from pymongo.errors import PyMongoError

from service.files.quota import Allowance, Quota
from service.files.upload import (
    CHUNK_BYTES,
    Document,
    Upload,
    UploadTooSlow,
    chunk_id,
    chunks_of,
    remove_chunks,
)
from service.mongo.clock import utc_now
from service.mongo.indexes import FILE_CHUNKS, FILE_RESERVATIONS, FILES

BUCKET: Final = "uploads"


class FileGone(Exception):
    """A file was removed while it was read."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, without its bytes.

    Args:
        media_type: As its content shows it.
        sha256: Of its bytes, in hex.
        uploaded_at: In UTC, to the millisecond.
    """

    file_id: str
    owner_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    uploaded_at: datetime

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The file that a document of GridFS describes."""
        about = document["metadata"]
        return cls(
            document["_id"],
            about["owner_id"],
            document["filename"],
            about["media_type"],
            int(document["length"]),
            about["sha256"],
            document["uploadDate"],
        )


class Files:
    """Repository of files.

    Args:
        database: Returns time-zone aware datetimes.
        quota: Of each account.
        now: In UTC.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        database: Database[Document],
        quota: Quota,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        self._files = database[f"{BUCKET}.files"]
        self._chunks = database[f"{BUCKET}.chunks"]
        self._reservations = database[f"{BUCKET}.reservations"]
        self._allowance = Allowance(self._reservations, self._files, quota, now=now, sleep=sleep)
        self._upload_time = timedelta(seconds=quota.upload_seconds)
        self._now = now

    @contextmanager
    def upload(self, owner_id: str, most_bytes: int) -> Iterator[Upload]:
        """Take a file: write to what this gives, then ``keep`` it. However the block is left,
        nothing half done stays.

        Args:
            owner_id: Whose it is.
            most_bytes: Its size, or the most that it may have.

        Raises:
            QuotaExceeded: The account has no room for it.
        """
        self.sweep()
        upload = Upload(
            self._chunks, str(uuid4()), most_bytes, self._now() + self._upload_time, now=self._now
        )
        self._allowance.reserve(upload.file_id, owner_id, most_bytes, chunks_of(most_bytes))
        try:
            yield upload
        except BaseException:
            # Without a database it stays until the sweep; what went wrong first is what is told.
            with suppress(PyMongoError):
                # It may be there, when only the answer to its insert was lost.
                self._files.delete_one({"_id": upload.file_id})
                self._discard(upload.file_id, upload.written)
            raise

    def keep(self, upload: Upload, owner_id: str, name: str, media_type: str) -> StoredFile:
        """Make a file of what was uploaded.

        Raises:
            UploadTooSlow: It came too late: what there is of it may be swept.
        """
        found = upload.finish()
        about = {"owner_id": owner_id, "media_type": media_type, "sha256": found.pop("sha256")}
        now = self._now()
        uploaded_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        document = {
            "_id": upload.file_id,
            **found,
            "uploadDate": uploaded_at,
            "filename": name,
            "metadata": about,
        }
        if not upload.is_in_time():
            raise UploadTooSlow
        self._files.insert_one(document)
        # It is there, whatever comes: a reservation that stays takes no room beside its file, and
        # is swept.
        with suppress(PyMongoError):
            self._allowance.release(upload.file_id)
        return StoredFile.from_document(document)

    def get(self, file_id: str) -> StoredFile | None:
        """The file of that id."""
        document = self._files.find_one({"_id": file_id})
        return StoredFile.from_document(document) if document else None

    def page(
        self, owner_id: str, *, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[StoredFile]:
        """Files of an account, newest first.

        Args:
            owner_id: Whose.
            limit: Most of them.
            after: When the last one of the page before was uploaded, and its id.
        """
        query: Document = {"metadata.owner_id": owner_id}
        if after is not None:
            query["$or"] = [
                {"uploadDate": {"$lt": after[0]}},
                {"uploadDate": after[0], "_id": {"$lt": after[1]}},
            ]
        found = self._files.find(
            query, sort=[("uploadDate", DESCENDING), ("_id", DESCENDING)], limit=limit
        )
        return [StoredFile.from_document(document) for document in found]

    def pieces(self, file: StoredFile, begin: int, end: int) -> Iterator[bytes]:
        """The bytes of a file from ``begin`` up to ``end``, a chunk at a time: each is asked for
        when it is wanted, so that no cursor and no connection waits for a slow reader.

        Raises:
            FileGone: It was removed.
        """
        for number in range(begin // CHUNK_BYTES, chunks_of(end)):
            chunk = self._chunks.find_one({"_id": chunk_id(file.file_id, number)}, {"data": True})
            if chunk is None:
                raise FileGone
            at = number * CHUNK_BYTES
            yield chunk["data"][max(0, begin - at) : end - at]

    def remove(self, file: StoredFile) -> bool:
        """Remove a file.

        Returns:
            Whether it was there; of several at once one has removed it.
        """
        count = chunks_of(file.size_bytes)
        self._allowance.note_removal(file.file_id, file.owner_id, count)
        if self._files.delete_one({"_id": file.file_id}).deleted_count != 1:
            return False
        self._discard(file.file_id, count)
        return True

    def sweep(self) -> None:
        """Clear away what uploads and removals of long ago have left."""
        for file_id, count in self._allowance.stale():
            is_kept = self._files.find_one({"_id": file_id}, {"_id": True}) is not None
            self._discard(file_id, 0 if is_kept else count)

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        for collection, indexes in (
            (self._files, FILES),
            (self._chunks, FILE_CHUNKS),
            (self._reservations, FILE_RESERVATIONS),
        ):
            for index in indexes:
                collection.create_indexes([index])

    def _discard(self, file_id: str, count: int) -> None:
        remove_chunks(self._chunks, file_id, count)
        self._allowance.release(file_id)
