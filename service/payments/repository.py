"""Events of the payment provider, in MongoDB: each is handled once, however often it is delivered
and whoever dies over it.

Whoever inserts an event's document handles it, and marks it afterwards or takes it away again. One
that was killed does neither: after ``lease_seconds`` its document is deleted by the next delivery.
Inserts and deletes are atomic on MongoDB and FerretDB alike; nobody but the one who inserted a
document updates it.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from service.mongo.clock import utc_now
from service.mongo.indexes import PAYMENT_EVENTS

log: Final = logging.getLogger(__name__)

_NOT_IMPLEMENTED: Final = 238
LEASE_SECONDS: Final = 60.0

Claim = Literal["ours", "handled", "busy"]


class PaymentEvents:
    """Repository of events by their ids.

    Args:
        collection: Returns time-zone aware datetimes.
        lease_seconds: After this long, whoever handles an event is taken for dead; longer than any
            request may take.
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

    def claim(self, event_id: str) -> Claim:
        """Ask to handle an event.

        Returns:
            ``ours`` to handle it now, then ``done`` or ``release``; ``handled`` when it was;
            ``busy`` while somebody else is at it.
        """
        if self._inserted(event_id):
            return "ours"
        found = self._collection.find_one({"_id": event_id})
        if found is None:  # released between the two
            return "busy"
        if found["handled"]:
            return "handled"
        if self._now() - found["claimed_at"] < self._lease:
            return "busy"
        abandoned = {"_id": event_id, "claimed_at": found["claimed_at"], "handled": False}
        return (
            "ours"
            if self._collection.delete_one(abandoned).deleted_count and self._inserted(event_id)
            else "busy"
        )

    def done(self, event_id: str) -> None:
        """Keep in mind that a claimed event was handled."""
        self._collection.update_one({"_id": event_id}, {"$set": {"handled": True}})

    def release(self, event_id: str) -> None:
        """Let a claimed event be delivered again."""
        self._collection.delete_one({"_id": event_id, "handled": False})

    def create_indexes(self) -> None:
        """Have events forgotten in time, by a server that can (FerretDB cannot)."""
        try:
            self._collection.create_indexes(list(PAYMENT_EVENTS))
        except OperationFailure as error:
            if error.code != _NOT_IMPLEMENTED:
                raise
            log.info(
                "this database has no indexes that expire: payment events are kept until somebody deletes them"
            )

    def _inserted(self, event_id: str) -> bool:
        try:
            self._collection.insert_one(
                {"_id": event_id, "claimed_at": self._now(), "handled": False}
            )
        except DuplicateKeyError:
            return False
        return True
