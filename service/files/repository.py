"""Files in GridFS, each owned by one account.

A file exists when its document exists, which is inserted last and removed first. Chunks without a
document are the remains of an interrupted upload or removal; the next upload removes them
(``quota`` explains how they are found).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import gevent
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import PyMongoError

from service.files.model import Quota, StoredFile
from service.files.quota import QuotaReservations
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
from service.mongo.cursor import Cursor
from service.mongo.indexes import Indexes

BUCKET: Final = "uploads"

# For lists, in place of GridFS's own index for a search by name.
FILE_INDEXES: Final = (IndexModel([("metadata.owner_id", ASCENDING), ("uploadDate", DESCENDING)]),)
# As GridFS's specification defines it.
CHUNK_INDEXES: Final = (IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True),)
RESERVATION_INDEXES: Final = (
    IndexModel([("owner_id", ASCENDING), ("begun_at", ASCENDING)]),
    IndexModel([("begun_at", ASCENDING)]),
)


class FileGone(Exception):
    """The file was removed while it was read."""


class FileRepository:
    """Repository of files.

    Args:
        database: Returns time-zone aware datetimes.
        quota: Of each account.
        now: In UTC.
        sleep: Waits for a number of seconds.
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
        self._quota_reservations = QuotaReservations(
            self._reservations, self._files, quota, now=now, sleep=sleep
        )
        self._upload_time = timedelta(seconds=quota.upload_seconds)
        self._now = now

    @contextmanager
    def upload(self, owner_id: str, most_bytes: int) -> Iterator[Upload]:
        """Begin an upload: write to the yielded object, then call ``store``.

        An upload that was not stored is removed at the end of the block.

        Args:
            owner_id: Account of the owner.
            most_bytes: The file's size, or the largest size it may have.

        Raises:
            QuotaExceeded: The account's quota has no space for it.
        """
        self.remove_stale()
        upload = Upload(
            self._chunks, str(uuid4()), most_bytes, self._now() + self._upload_time, now=self._now
        )
        self._quota_reservations.reserve(
            upload.file_id, owner_id, most_bytes, chunks_of(most_bytes)
        )
        try:
            yield upload
        except BaseException:
            # Without a database the remains stay until they are stale; the first error is raised.
            with suppress(PyMongoError):
                # The document exists when only the reply to its insert was lost.
                self._files.delete_one({"_id": upload.file_id})
                self._discard(upload.file_id, upload.chunk_count)
            raise

    def store(
        self, upload: Upload, owner_id: str, name: str, media_type: str, charset: str = ""
    ) -> StoredFile:
        """Store a complete upload as a file.

        Args:
            upload: Complete.
            owner_id: Account of the owner.
            name: Clean.
            media_type: Detected from its content.
            charset: Of a text.

        Raises:
            UploadTooSlow: The deadline is over: its chunks may be removed as stale.
        """
        found = upload.finish()
        metadata = {"owner_id": owner_id, "media_type": media_type, "sha256": found.pop("sha256")}
        if charset:
            metadata["charset"] = charset
        now = self._now()
        uploaded_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        document = {
            "_id": upload.file_id,
            **found,
            "uploadDate": uploaded_at,
            "filename": name,
            "metadata": metadata,
        }
        if not upload.is_in_time():
            raise UploadTooSlow
        self._files.insert_one(document)
        # The file exists now. A reservation that stays takes no space beside its file, and is
        # removed when it is stale.
        with suppress(PyMongoError):
            self._quota_reservations.release(upload.file_id)
        return _stored_file(document)

    def get(self, file_id: str) -> StoredFile | None:
        """Return the file with that id."""
        document = self._files.find_one({"_id": file_id})
        return _stored_file(document) if document else None

    def page(self, owner_id: str, *, limit: int, after: Cursor | None = None) -> list[StoredFile]:
        """Return files of an account, newest first.

        Args:
            owner_id: Account of the owner.
            limit: Most files.
            after: The end of the page before this one.
        """
        query: Document = {"metadata.owner_id": owner_id}
        if after is not None:
            query["$or"] = [
                {"uploadDate": {"$lt": after.at}},
                {"uploadDate": after.at, "_id": {"$lt": after.key}},
            ]
        found = self._files.find(
            query, sort=[("uploadDate", DESCENDING), ("_id", DESCENDING)], limit=limit
        )
        return [_stored_file(document) for document in found]

    def read(self, file: StoredFile, begin: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of a file from ``begin`` up to ``end``, chunk by chunk.

        Each chunk is a query of its own, so that no cursor and no connection waits for a slow
        client.

        Raises:
            FileGone: The file was removed.
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
            Whether this call removed it; only one of several concurrent calls does.
        """
        count = chunks_of(file.size_bytes)
        self._quota_reservations.record_removal(file.file_id, file.owner_id, count)
        if self._files.delete_one({"_id": file.file_id}).deleted_count != 1:
            return False
        self._discard(file.file_id, count)
        return True

    def remove_stale(self) -> None:
        """Remove the remains of old interrupted uploads and removals."""
        for file_id, count in self._quota_reservations.stale():
            is_stored = self._files.find_one({"_id": file_id}, {"_id": True}) is not None
            self._discard(file_id, 0 if is_stored else count)

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._files, *FILE_INDEXES)
        indexes.add(self._chunks, *CHUNK_INDEXES)
        indexes.add(self._reservations, *RESERVATION_INDEXES)

    def _discard(self, file_id: str, count: int) -> None:
        remove_chunks(self._chunks, file_id, count)
        self._quota_reservations.release(file_id)


def _stored_file(document: Document) -> StoredFile:
    metadata = document["metadata"]
    return StoredFile(
        document["_id"],
        metadata["owner_id"],
        document["filename"],
        metadata["media_type"],
        int(document["length"]),
        metadata["sha256"],
        document["uploadDate"],
        metadata.get("charset", ""),
    )
