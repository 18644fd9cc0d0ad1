"""Quota of an account, enforced also when many of its uploads begin at once.

FerretDB loses concurrent updates, so there is no counter. An upload first inserts a reservation of
the most it may take; only then does it add up the stored files and the reservations of the other
uploads. The last to insert sees all before it, so no two uploads can both take the last space. Of
uploads that do not fit together the earlier ones win: the later ones fail, the earlier ones count
again.

A reservation also marks chunks that may exist without a file: a failed upload leaves it behind, and
``stale`` finds it later, so that its chunks are removed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.files.model import Quota

MOST_WAIT_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.02
RETRY_AFTER_SECONDS: Final = 2
_BATCH_SIZE: Final = 10_000

Document = dict[str, Any]


class QuotaExceeded(Exception):
    """The account's quota has no space for another file of that size.

    Args:
        quota: Of the account.
        used_bytes: Size of its stored files.
        used_count: Number of its stored files.
        retry_after_seconds: Set when only running uploads take the space.
    """

    def __init__(
        self, quota: Quota, used_bytes: int, used_count: int, retry_after_seconds: int | None
    ) -> None:
        super().__init__("the quota has no space for another file")
        self.quota = quota
        self.used_bytes = used_bytes
        self.used_count = used_count
        self.retry_after_seconds = retry_after_seconds


class QuotaReservations:
    """Repository of the space that running uploads have reserved.

    Args:
        reservations: By the id of the new file.
        files: GridFS's collection of files.
        quota: Of each account.
        now: In UTC.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        reservations: Collection[Document],
        files: Collection[Document],
        quota: Quota,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._reservations = reservations
        self._files = files
        self._quota = quota
        self._now = now
        self._sleep = sleep

    def reserve(self, file_id: str, owner_id: str, size_bytes: int, chunks: int) -> None:
        """Reserve space for a new file.

        Args:
            file_id: Of the new file.
            owner_id: Account of its owner.
            size_bytes: Its largest possible size.
            chunks: Its largest possible number of chunks.

        Raises:
            QuotaExceeded: The quota has no space for it; no reservation is left.
        """
        self._insert(file_id, owner_id, size_bytes, chunks)
        try:
            self._wait_for_space(file_id, owner_id)
        except BaseException:
            self.release(file_id)
            raise

    def release(self, file_id: str) -> None:
        """End the reservation of a file that is stored, or of which nothing is left."""
        self._reservations.delete_one({"_id": file_id})

    def record_removal(self, file_id: str, owner_id: str, chunks: int) -> None:
        """Record that the chunks of a file are about to be removed; this reserves no space."""
        try:
            self._insert(file_id, owner_id, 0, chunks)
        except DuplicateKeyError:
            return  # another request removes the file too

    def stale(self) -> list[tuple[str, int]]:
        """Return interrupted uploads and removals: file ids with their largest number of chunks."""
        found = self._reservations.find(
            {"begun_at": {"$lt": self._stale_before()}}, {"chunks": True}, limit=10
        )
        return [(one["_id"], one["chunks"]) for one in found]

    def _insert(self, file_id: str, owner_id: str, size_bytes: int, chunks: int) -> None:
        now = self._now()
        begun_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._reservations.insert_one(
            {
                "_id": file_id,
                "owner_id": owner_id,
                "size_bytes": size_bytes,
                "chunks": chunks,
                "begun_at": begun_at,
            }
        )

    def _stale_before(self) -> datetime:
        return self._now() - timedelta(seconds=2 * self._quota.upload_seconds)

    def _wait_for_space(self, file_id: str, owner_id: str) -> None:
        waited_seconds, query = 0.0, {"metadata.owner_id": owner_id}
        while True:
            # In this order: a file that is completed in between is found twice and counted once;
            # the other way round it could be missed.
            reserved = list(
                self._reservations.find(
                    {"owner_id": owner_id, "begun_at": {"$gte": self._stale_before()}}
                )
            )
            stored = {
                one["_id"]: one["length"]
                for one in self._files.find(query, {"length": True}, batch_size=_BATCH_SIZE)
            }
            mine = next(one for one in reserved if one["_id"] == file_id)
            others = [
                one
                for one in reserved
                if one["_id"] not in stored and one["size_bytes"] and one is not mine
            ]
            if self._fits(stored, [mine, *others]):
                return
            earlier = [one for one in others if _order(one) < _order(mine)]
            if not self._fits(stored, [mine, *earlier]) or waited_seconds >= MOST_WAIT_SECONDS:
                retry = RETRY_AFTER_SECONDS if self._fits(stored, [mine]) else None
                raise QuotaExceeded(self._quota, sum(stored.values()), len(stored), retry)
            self._sleep(POLL_SECONDS)
            waited_seconds += POLL_SECONDS

    def _fits(self, stored: dict[str, int], reserved: list[Document]) -> bool:
        size_bytes = sum(stored.values()) + sum(one["size_bytes"] for one in reserved)
        count = len(stored) + len(reserved)
        return size_bytes <= self._quota.size_bytes and count <= self._quota.count


def _order(reservation: Document) -> tuple[datetime, str]:
    return reservation["begun_at"], reservation["_id"]
