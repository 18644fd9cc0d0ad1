"""Facts: documents that are written once under a name and never changed.

Stating a fact is an insert, of which exactly one wins on MongoDB and FerretDB alike; whoever states
it again learns that it stands. Nothing is ever updated or deleted to decide something: FerretDB
finds and then changes, so of two at once both may think they did, and a name that is used anew
could be deleted by whoever had found its last use.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError


class WriteOnceStore:
    """Repository of one kind of facts.

    Args:
        collection: By name; returns time-zone aware datetimes.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def record(self, name: str, **fields: Any) -> bool:
        """State a fact; false when one of that name stands, which is left as it is."""
        try:
            self._collection.insert_one({"_id": name, **fields})
        except DuplicateKeyError:
            return False
        return True

    def get(self, name: str) -> Mapping[str, Any] | None:
        """The fact of that name."""
        return self._collection.find_one({"_id": name})

    def among(self, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Those facts that stand, by name."""
        wanted = sorted(set(names))
        if len(wanted) == 1:  # FerretDB finds one by its _id, and scans for several
            found = self.get(wanted[0])
            return {wanted[0]: found} if found else {}
        return (
            {found["_id"]: found for found in self._collection.find({"_id": {"$in": wanted}})}
            if wanted
            else {}
        )

    def between(self, first: str, end: str) -> list[Mapping[str, Any]]:
        """Facts by the order of their names, from ``first`` on and before ``end``."""
        return list(self._collection.find({"_id": {"$gte": first, "$lt": end}}, sort=[("_id", 1)]))
