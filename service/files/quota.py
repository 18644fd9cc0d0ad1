"""How much an account may keep, held also when many of its uploads begin at once.

FerretDB loses concurrent updates, so there is no counter. An upload first writes down what it may
take at most; only then it counts: what is kept, and what all others have written down. Whoever
writes last sees everyone before, so no two can both take the last room. Of those that do not fit
together the earlier go first: the later give up, the earlier count again.

What is written down is also the trace of chunks that may be there without a file: whatever ends
badly leaves it behind, and once it is old it is cleared away with the chunks (``stale``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

PATIENCE_SECONDS: Final = 1.0
LOOK_AGAIN_SECONDS: Final = 0.02
RETRY_AFTER_SECONDS: Final = 2
_ALL: Final = 10_000

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quota:
    """What an account may have.

    Args:
        size_bytes: Of all its files.
        count: Of files.
        upload_seconds: Most time for one upload.
    """

    size_bytes: int
    count: int
    upload_seconds: float


class QuotaExceeded(Exception):
    """There is no room for another file of that size.

    Args:
        quota: What there may be.
        used_bytes: What is kept.
        used_count: Files that are kept.
        retry_after_seconds: When only uploads under way are in the way: when to try again.
    """

    def __init__(
        self, quota: Quota, used_bytes: int, used_count: int, retry_after_seconds: int | None
    ) -> None:
        super().__init__("no room for another file")
        self.quota = quota
        self.used_bytes = used_bytes
        self.used_count = used_count
        self.retry_after_seconds = retry_after_seconds


class Allowance:
    """Repository of what uploads have reserved.

    Args:
        reservations: By the id of the file to be.
        files: GridFS's own collection of files.
        quota: Of each account.
        now: In UTC.
        sleep: Waits so many seconds.
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
        """Write down a file that may come.

        Args:
            file_id: Of the file to be.
            owner_id: Whose it will be.
            size_bytes: Most that it will have.
            chunks: Most that it will be kept in.

        Raises:
            QuotaExceeded: There is no room for it; nothing is left of it.
        """
        self._note(file_id, owner_id, size_bytes, chunks)
        try:
            self._wait_for_room(file_id, owner_id)
        except BaseException:
            self.release(file_id)
            raise

    def release(self, file_id: str) -> None:
        """The file is there, or nothing of it is."""
        self._reservations.delete_one({"_id": file_id})

    def note_removal(self, file_id: str, owner_id: str, chunks: int) -> None:
        """Write down that the chunks of a file are about to go; this takes no room."""
        try:
            self._note(file_id, owner_id, 0, chunks)
        except DuplicateKeyError:
            return  # somebody else removes it too

    def stale(self) -> list[tuple[str, int]]:
        """Ids of files whose upload or removal can no longer be under way, and how many chunks each
        has at most.
        """
        found = self._reservations.find(
            {"begun_at": {"$lt": self._oldest()}}, {"chunks": True}, limit=10
        )
        return [(one["_id"], one["chunks"]) for one in found]

    def _note(self, file_id: str, owner_id: str, size_bytes: int, chunks: int) -> None:
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

    def _oldest(self) -> datetime:
        return self._now() - timedelta(seconds=2 * self._quota.upload_seconds)

    def _wait_for_room(self, file_id: str, owner_id: str) -> None:
        waited_seconds, query = 0.0, {"metadata.owner_id": owner_id}
        while True:
            # In this order: a file that is completed in between is seen twice, and counted once;
            # never not at all.
            reserved = list(
                self._reservations.find(
                    {"owner_id": owner_id, "begun_at": {"$gte": self._oldest()}}
                )
            )
            kept = {
                one["_id"]: one["length"]
                for one in self._files.find(query, {"length": True}, batch_size=_ALL)
            }
            mine = next(one for one in reserved if one["_id"] == file_id)
            others = [
                one
                for one in reserved
                if one["_id"] not in kept and one["size_bytes"] and one is not mine
            ]
            if self._fits(kept, [mine, *others]):
                return
            earlier = [one for one in others if _order(one) < _order(mine)]
            if not self._fits(kept, [mine, *earlier]) or waited_seconds >= PATIENCE_SECONDS:
                retry = RETRY_AFTER_SECONDS if self._fits(kept, [mine]) else None
                raise QuotaExceeded(self._quota, sum(kept.values()), len(kept), retry)
            self._sleep(LOOK_AGAIN_SECONDS)
            waited_seconds += LOOK_AGAIN_SECONDS

    def _fits(self, kept: dict[str, int], coming: list[Document]) -> bool:
        size_bytes = sum(kept.values()) + sum(one["size_bytes"] for one in coming)
        return size_bytes <= self._quota.size_bytes and len(kept) + len(coming) <= self._quota.count


def _order(reservation: Document) -> tuple[datetime, str]:
    return reservation["begun_at"], reservation["_id"]
