"""Refunds in MongoDB: one write-once document by payment, and one for each state of a refund.

A refund's state is the most advanced one that was recorded, in whatever order its events came:
``failed`` and ``canceled`` come after ``succeeded``, since a bank may return the money.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo import IndexModel
from pymongo.database import Database

from service.mongo.indexes import Indexes
from service.mongo.write_once import WriteOnceStore
from service.payments.model import RefundStatus
from service.sessions.model import RecordedRefund

STATES: Final[tuple[RefundStatus, ...]] = (
    "pending",
    "requires_action",
    "succeeded",
    "canceled",
    "failed",
)
"""Each outranks those before it."""

INDEX: Final = IndexModel([("payment_id", 1)])


class RefundRepository:
    """Repository of refunds.

    Args:
        database: Returns time-zone aware datetimes.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._refunds = WriteOnceStore(database["refunds"])
        self._states = database["refund_states"]
        self._recorded_states = WriteOnceStore(self._states)

    def get(self, payment_id: str) -> RecordedRefund | None:
        """Return the refunds of a payment; ``None`` when none is recorded."""
        return self.among([payment_id]).get(payment_id)

    def among(self, payment_ids: Iterable[str]) -> dict[str, RecordedRefund]:
        """Return the refunds of those payments that have one."""
        found = self._refunds.among(payment_ids)
        states = self._states_of(found.keys())
        return {
            payment_id: RecordedRefund(
                refund["booking_id"],
                refund["refund_id"],
                refund["amount"],
                states.get(payment_id, {}),
            )
            for payment_id, refund in found.items()
        }

    def record(
        self, payment_id: str, *, booking_id: str, amount: int, refund_id: str | None, at: datetime
    ) -> bool:
        """Record that a refund of a payment was made; false when one is recorded already."""
        return self._refunds.record(
            payment_id, booking_id=booking_id, amount=amount, refund_id=refund_id, at=at
        )

    def record_state(
        self, payment_id: str, refund_id: str, status: RefundStatus, amount: int, at: datetime
    ) -> bool:
        """Record that a refund has had a state; false when that is recorded already."""
        return self._recorded_states.record(
            f"{refund_id}:{status}",
            payment_id=payment_id,
            refund_id=refund_id,
            status=status,
            amount=amount,
            at=at,
        )

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._states, INDEX)

    def _states_of(
        self, payment_ids: Iterable[str]
    ) -> Mapping[str, Mapping[str, tuple[RefundStatus, int]]]:
        wanted = sorted(payment_ids)
        states: dict[str, dict[str, tuple[RefundStatus, int]]] = {}
        if not wanted:
            return states
        query: Any = wanted[0] if len(wanted) == 1 else {"$in": wanted}
        documents = self._states.find({"payment_id": query})
        for one in sorted(documents, key=lambda found: STATES.index(found["status"])):
            of_payment = states.setdefault(one["payment_id"], {})
            of_payment[one["refund_id"]] = (one["status"], one["amount"])
        return states
