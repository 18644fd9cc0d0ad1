"""Which therapist looks after whom, in MongoDB: a paid booking makes it so.

The pair is the ``_id``, so asking is one read by it, and saying it twice is saying it once.
"""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError


class Care:
    """Repository of who looks after whom.

    Args:
        collection: By pair.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def begin(self, therapist_id: str, member_id: str) -> None:
        """From now on the therapist looks after the member."""
        try:
            self._collection.insert_one(
                {
                    "_id": _pair(therapist_id, member_id),
                    "therapist_id": therapist_id,
                    "member_id": member_id,
                }
            )
        except DuplicateKeyError:
            return

    def is_given(self, therapist_id: str, member_id: str) -> bool:
        """Whether the therapist looks after the member."""
        return (
            self._collection.find_one({"_id": _pair(therapist_id, member_id)}, {"_id": True})
            is not None
        )


def _pair(therapist_id: str, member_id: str) -> str:
    return f"{therapist_id}:{member_id}"
