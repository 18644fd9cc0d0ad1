"""Leases: who works on something now, until when; several processes may ask at once.

Each lease of a name has a number, and a new one is the insert of the next number once the last has
run out: no number is used twice, so what runs late cannot take away another's lease. Whoever holds
one keeps to work that may be done twice, as a pause of the process can outlast any lease.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was granted.

    Args:
        lease_id: Its ``_id``: name and number.
    """

    lease_id: str


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has it.

    Args:
        until: When it runs out, unless it is given back before.
        note: What the holder said.
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
        """Take a lease, or learn who has it.

        Args:
            name: Of what is worked on.
            now: In UTC.
            seconds: How long it is good.
            note: For those who do not get it.
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
        """Let the next one have it at once; only its holder writes there, so nothing is lost where
        updates are not atomic.
        """
        self._collection.update_one({"_id": lease.lease_id}, {"$set": {"until": now}})

    def forget(self, name: str) -> None:
        """Throw away the leases of something that will not be worked on any more."""
        self._collection.delete_many({"name": name})

    def forget_before(self, instant: datetime) -> None:
        """Throw away those that ran out before an instant."""
        self._collection.delete_many({"until": {"$lt": instant}})

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        self._collection.create_index("name")
        self._collection.create_index("until")


def _held(found: Mapping[str, Any]) -> Held:
    return Held(found["until"], found["note"])
