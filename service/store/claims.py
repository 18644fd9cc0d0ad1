"""Claims on things that one caller at a time may change, in MongoDB: a document each, and whoever inserts it has it.

Neither MongoDB nor FerretDB lets two insert one ``_id``; FerretDB's updates are not atomic, its inserts and deletes are.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.store.clock import utc_now


class Claims:
    """Repository of claims.

    Args:
        collection: Returns time-zone aware datetimes.
        now: In UTC.
    """

    def __init__(self, collection: Collection[dict[str, Any]], *, now: Callable[[], datetime] = utc_now) -> None:
        self._collection = collection
        self._now = now

    def take(self, name: str, good_for_seconds: float) -> str | None:
        """Claim something.

        Args:
            name: Of what is claimed.
            good_for_seconds: After so long the next caller takes it for left behind by a process that died.

        Returns:
            What the claim is given back with; ``None`` when it is taken.
        """
        now = self._now()
        claim = {"_id": name, "owner": uuid4().hex, "until": now + timedelta(seconds=good_for_seconds)}
        try:
            self._collection.insert_one(claim)
        except DuplicateKeyError:
            self._collection.delete_one({"_id": name, "until": {"$lt": now}})
            return None
        return str(claim["owner"])

    def release(self, name: str, owner: str) -> None:
        """Give it back; one that was taken for left behind is somebody else's now, and stays."""
        self._collection.delete_one({"_id": name, "owner": owner})
