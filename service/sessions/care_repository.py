"""Which therapist treats which member, in MongoDB; a paid booking assigns them.

The pair is the ``_id``: a check is one read by key, and a repeated assignment changes nothing.
"""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError


class CareRepository:
    """Repository of pairs of therapist and member.

    Args:
        collection: By pair.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def assign(self, therapist_id: str, member_id: str) -> None:
        """Record that a therapist treats a member from now on."""
        pair = {"therapist_id": therapist_id, "member_id": member_id}
        try:
            self._collection.insert_one({"_id": _key(therapist_id, member_id), **pair})
        except DuplicateKeyError:
            return

    def is_assigned(self, therapist_id: str, member_id: str) -> bool:
        """Return whether a therapist treats a member."""
        key = {"_id": _key(therapist_id, member_id)}
        return self._collection.find_one(key, {"_id": True}) is not None


def _key(therapist_id: str, member_id: str) -> str:
    return f"{therapist_id}:{member_id}"
