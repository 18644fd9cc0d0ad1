"""What ends the data of each collection, in one list that rooms add to.

Documents that end with time are deleted by MongoDB itself where it has TTL indexes. FerretDB has
none: there the ``Sweeper`` deletes them in small batches. The server is asked once, at the first
connection. A collection that is kept has the reason written beside it; one without an entry fails a
test.

Source: MongoDB's manual, "TTL Indexes"; ``collMod`` changes the seconds of an index.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

_log: Final = logging.getLogger(__name__)

BATCH_DOCUMENTS: Final = 500
BATCHES: Final = 20
"""Most batches of one collection in one pass: a pass ends, however much there is to delete."""
NO_TTL: Final = frozenset({59, 67, 115, 238})
"""Codes of servers without TTL indexes: command, index or option not supported or implemented."""
INDEX_EXISTS: Final = frozenset({85, 86})
"""Codes of MongoDB: an index of that key exists with other options, or another one of that name."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expiring:
    """Documents that end with time.

    Args:
        collection: Where they are.
        field: Holds a datetime.
        keep_seconds: How long after that datetime a document is kept.
    """

    collection: Collection[Document]
    field: str
    keep_seconds: float = 0.0

    def expired_ids(self, now: datetime) -> list[Any]:
        """Return the ids of a batch of documents that have ended."""
        found = self.collection.find(self._query(now), {"_id": True}, limit=BATCH_DOCUMENTS)
        return [document["_id"] for document in found]

    def delete(self, ids: Sequence[Any], now: datetime) -> int:
        """Delete those of some documents that have ended, and return how many."""
        # The time again: one may have been replaced or prolonged meanwhile.
        query = {"_id": {"$in": list(ids)}} | self._query(now)
        return self.collection.delete_many(query).deleted_count

    def _query(self, now: datetime) -> Document:
        return {self.field: {"$lt": now - timedelta(seconds=self.keep_seconds)}}


class Retention:
    """The list of a process."""

    def __init__(self) -> None:
        self._expiring: dict[str, Expiring] = {}
        self._swept: list[Expiring] | None = None
        self.kept: dict[str, str] = {}

    @property
    def names(self) -> frozenset[str]:
        """Names of all collections that have an entry."""
        return frozenset(self._expiring) | frozenset(self.kept)

    @property
    def expiring(self) -> tuple[Expiring, ...]:
        """Entries of collections whose documents end with time."""
        return tuple(self._expiring.values())

    @property
    def swept(self) -> Sequence[Expiring]:
        """Entries that the server does not delete itself; empty before the first connection."""
        return self._swept or ()

    def expire(
        self, collection: Collection[Document], field: str, keep_seconds: float = 0.0
    ) -> Collection[Document]:
        """Add a collection whose documents end with time, and return it; see ``Expiring``."""
        self._expiring[collection.name] = Expiring(collection, field, keep_seconds)
        return collection

    def keep(self, reason: str, *names: str) -> None:
        """Add collections that nothing deletes by time.

        Args:
            reason: What bounds them.
            names: Names of the collections.
        """
        self.kept |= dict.fromkeys(names, reason)

    def create_indexes(self) -> None:
        """Create TTL indexes where the server has them, else plain ones for the sweep."""
        swept: list[Expiring] = []
        has_ttl = True  # until the server's first answer
        for entry in self._expiring.values():
            created = create_ttl_index(entry) if has_ttl else None
            if created is None:
                has_ttl = False
                entry.collection.create_index([(entry.field, ASCENDING)])
            if not created:
                swept.append(entry)
        if not has_ttl and self._swept is None:
            _log.info(
                "this database has no TTL indexes: expired documents of %d collections are deleted "
                "by a sweep in the background",
                len(swept),
            )
        self._swept = swept

    def sweep(self, swept: list[Expiring]) -> None:
        """Sweep these entries: an operator creates the indexes, and theirs do not expire yet."""
        self._swept = swept


def delete_expired(
    entry: Expiring, now: datetime, pause: Callable[[], None] = lambda: None
) -> Iterator[int]:
    """Delete the documents of an entry that have ended, and yield the number of each batch.

    Args:
        entry: The collection.
        now: Current time in UTC.
        pause: Called after each batch, so that requests get their turn.
    """
    for _ in range(BATCHES):
        ids = entry.expired_ids(now)
        if ids:
            yield entry.delete(ids, now)
        if len(ids) < BATCH_DOCUMENTS:
            return
        pause()


def create_ttl_index(entry: Expiring) -> bool | None:
    """Return whether the server deletes the documents of an entry itself.

    Returns:
        ``None`` when it has no TTL indexes at all.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used, or refuses for another reason.
    """
    collection, seconds = entry.collection, int(entry.keep_seconds)
    try:
        collection.create_index([(entry.field, ASCENDING)], expireAfterSeconds=seconds)
    except OperationFailure as error:
        if error.code in NO_TTL:
            return None
        if error.code not in INDEX_EXISTS:
            raise
        return _change_index(entry, seconds)
    return True


def _change_index(entry: Expiring, seconds: int) -> bool:
    # The setting has changed, or the index is from before it expired documents.
    index = {"keyPattern": {entry.field: ASCENDING}, "expireAfterSeconds": seconds}
    try:
        entry.collection.database.command("collMod", entry.collection.name, index=index)
    except OperationFailure as error:
        _log.warning(
            "the index of %s cannot be made to expire (code %s): drop it, or it is swept",
            entry.collection.name,
            error.code,
        )
        return False
    return True
