"""The provider's events in MongoDB.

Each event is handled once, however often it is delivered, and even if its worker dies.

The worker that inserts an event's document handles the event, and then marks the document or
deletes it. A killed worker does neither: after ``lease_seconds`` the next delivery deletes its
document. Inserts and deletes are atomic on MongoDB and FerretDB alike; only the worker that
inserted a document updates it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.mongo.clock import utc_now

LEASE_SECONDS: Final = 60.0
KEPT_SECONDS: Final = 31 * 86400.0
"""Stripe delivers again for three days, and on request for thirty."""

ClaimResult = Literal["claimed", "handled", "busy"]


class PaymentEventRepository:
    """Repository of events by their ids.

    Args:
        collection: Returns time-zone aware datetimes.
        lease_seconds: After this long, a worker that handles an event counts as dead; longer than
            any request may take.
        now: In UTC.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        *,
        lease_seconds: float = LEASE_SECONDS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._collection = collection
        self._lease = timedelta(seconds=lease_seconds)
        self._now = now

    def claim(self, event_id: str) -> ClaimResult:
        """Claim an event before it is handled.

        Returns:
            ``claimed`` to handle it now, and then ``mark_handled`` or ``release`` it; ``handled``
            when it was handled before; ``busy`` while another worker handles it.
        """
        if self._insert(event_id):
            return "claimed"
        found = self._collection.find_one({"_id": event_id})
        if found is None:  # released between the two
            return "busy"
        if found["handled"]:
            return "handled"
        if self._now() - found["claimed_at"] < self._lease:
            return "busy"
        abandoned = {"_id": event_id, "claimed_at": found["claimed_at"], "handled": False}
        is_deleted = self._collection.delete_one(abandoned).deleted_count > 0
        return "claimed" if is_deleted and self._insert(event_id) else "busy"

    def mark_handled(self, event_id: str) -> None:
        """Record that a claimed event was handled."""
        self._collection.update_one({"_id": event_id}, {"$set": {"handled": True}})

    def release(self, event_id: str) -> None:
        """Release a claimed event, so that its next delivery is handled."""
        self._collection.delete_one({"_id": event_id, "handled": False})

    def _insert(self, event_id: str) -> bool:
        document = {"_id": event_id, "claimed_at": self._now(), "handled": False}
        try:
            self._collection.insert_one(document)
        except DuplicateKeyError:
            return False
        return True
