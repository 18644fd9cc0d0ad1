"""Leases: the right of one process to work on something until a time.

Each lease of a name has a number, and a new one is the insert of the next number once the last has
expired: no number is used twice, so a late process cannot take another's lease away. The work under
a lease must bear being done twice, as a pause of the process can outlast any lease.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.mongo.indexes import Indexes

INDEX: Final = IndexModel("name")
KEPT_SECONDS: Final = 86400.0
"""How long an expired lease is kept; later, its number may be used again."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was granted.

    Args:
        lease_id: Its ``_id``: name and number.
    """

    lease_id: str


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that another process holds.

    Args:
        until: When it expires, unless it is given back before.
        note: Note of the holder.
    """

    until: datetime
    note: str


class Leases:
    """Repository of leases.

    Args:
        collection: Returns time-zone aware datetimes.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def take(self, name: str, *, now: datetime, seconds: float, note: str = "") -> Lease | Held:
        """Take a lease, or return the one that another process holds.

        Args:
            name: Name of the work.
            now: Current time in UTC.
            seconds: How long the lease is valid.
            note: For processes that do not get the lease.
        """
        until = now + timedelta(seconds=seconds)
        for number in count():
            lease = {"_id": f"{name}#{number:06d}", "name": name, "until": until, "note": note}
            try:
                self._collection.insert_one(lease)
            except DuplicateKeyError:
                found = self._collection.find_one({"_id": lease["_id"]})
                if found is not None and (found["until"] > now or found["note"] != note):
                    return _held(found)
                continue
            return Lease(str(lease["_id"]))
        raise AssertionError("count() ends")  # pragma: no cover

    def give_back(self, lease: Lease, now: datetime) -> None:
        """Let another process take the lease at once.

        Only the holder updates the document, so nothing is lost where updates are not atomic.
        """
        self._collection.update_one({"_id": lease.lease_id}, {"$set": {"until": now}})

    def forget(self, name: str) -> None:
        """Delete the leases of work that is finished for good."""
        self._collection.delete_many({"name": name})

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._collection, INDEX)


def _held(found: Mapping[str, Any]) -> Held:
    return Held(found["until"], found["note"])
