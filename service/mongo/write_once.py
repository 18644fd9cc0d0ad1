"""Documents that are written once under a name and never changed.

Recording is an insert, of which exactly one wins on MongoDB and FerretDB alike; a second attempt
finds that the name is taken. No decision depends on an update or a delete: FerretDB reads and then
writes, so two concurrent updates may both succeed, and a name that is used again could be deleted
by a process that found its last use.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError


class WriteOnceStore:
    """Repository of write-once documents.

    Args:
        collection: By name; returns time-zone aware datetimes.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def record(self, name: str, **fields: Any) -> bool:
        """Record a document, unless its name is taken.

        Returns:
            False when the name is taken; the stored document is unchanged.
        """
        try:
            self._collection.insert_one({"_id": name, **fields})
        except DuplicateKeyError:
            return False
        return True

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return the document of that name."""
        return self._collection.find_one({"_id": name})

    def among(self, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Return the documents that exist among several names, by name."""
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
        """Return documents in the order of their names, from ``first`` on and before ``end``."""
        return list(self._collection.find({"_id": {"$gte": first, "$lt": end}}, sort=[("_id", 1)]))
