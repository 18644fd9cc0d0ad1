"""Bookings in MongoDB, with what happened to each as write-once documents beside it.

- its *outcome*: paid, expired, or cancelled before it was paid; the first one recorded decides
between payment, expiry and member;
- its *cancellation*, after it was paid, with the refund;
- its numbered *attempts* to pay, with the *result* of each, and the provider's *payment id* where
that is known before the result;
- *refunds*, by payment (``refund_repository``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from itertools import count
from typing import Any, Final

from pymongo import DESCENDING, IndexModel
from pymongo.database import Database

from service.mongo.cursor import Cursor
from service.mongo.indexes import Indexes
from service.mongo.write_once import WriteOnceStore
from service.sessions.model import (
    AttemptResult,
    Booking,
    BookingState,
    Cancellation,
    Outcome,
    Party,
    PaymentAttempt,
    RecordedRefund,
    RefundState,
    attempt_id,
)
from service.sessions.refund_repository import RefundRepository

INDEXES: Final = tuple(
    IndexModel([(party, 1), ("starts_at", DESCENDING)]) for party in ("member_id", "therapist_id")
)


class BookingRepository:
    """Repository of bookings.

    Args:
        database: Returns time-zone aware datetimes.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._bookings = database["bookings"]
        self._outcomes = WriteOnceStore(database["booking_outcomes"])
        self._cancellations = WriteOnceStore(database["booking_cancellations"])
        self._attempts = WriteOnceStore(database["payment_attempts"])
        self._results = WriteOnceStore(database["payment_results"])
        self._payment_ids = WriteOnceStore(database["payment_names"])
        self.refunds = RefundRepository(database)

    def add(self, booking: Booking) -> None:
        """Store a booking."""
        fields = asdict(booking)
        self._bookings.insert_one({"_id": fields.pop("booking_id"), **fields})

    def get(self, booking_id: str) -> Booking | None:
        """Return the booking with that id."""
        found = self._bookings.find_one({"_id": booking_id})
        return _booking(found) if found else None

    def state_of(self, booking: Booking) -> BookingState:
        """Return a booking with its outcome, its cancellation and whether it was refunded."""
        outcome = self.outcome(booking.booking_id)
        if outcome is None or outcome.kind != "paid":
            return BookingState(booking, outcome)
        cancellation = self.cancellation(booking.booking_id)
        refund = self.refunds.get(str(outcome.payment_id)) if cancellation else None
        return BookingState(booking, outcome, cancellation, _refund_state(cancellation, refund))

    def page(
        self, party: Party, account_id: str, *, limit: int, after: Cursor | None = None
    ) -> tuple[list[BookingState], Cursor | None]:
        """Return the bookings of a member or of a therapist, the latest session first.

        Args:
            party: The role in which the account takes part.
            account_id: The member or the therapist.
            limit: At most so many, at least 1.
            after: End of the previous page.

        Returns:
            The bookings, and the cursor of the next page; ``None`` on the last one.
        """
        query: dict[str, Any] = {party: account_id}
        if after is not None:
            earlier = {"starts_at": {"$lt": after.at}}
            query["$or"] = [earlier, {"starts_at": after.at, "_id": {"$lt": after.key}}]
        order = [("starts_at", DESCENDING), ("_id", DESCENDING)]
        found = [_booking(one) for one in self._bookings.find(query, sort=order, limit=limit + 1)]
        page = self._states(found[:limit])
        if len(found) <= limit:
            return page, None
        last = found[limit - 1]
        return page, Cursor(last.starts_at, last.booking_id)

    def count_unpaid(self, member_id: str, now: datetime) -> int:
        """Return how many slots a member holds without having paid."""
        held = self._bookings.find(
            {"member_id": member_id, "expires_at": {"$gt": now}}, projection=["_id"]
        )
        ids = {found["_id"] for found in held}
        return len(ids - self._outcomes.among(ids).keys())

    def ended(self, booking_ids: Iterable[str]) -> set[str]:
        """Return those of some bookings that no longer hold their slot."""
        outcomes = self._outcomes.among(booking_ids)
        paid = {key for key, found in outcomes.items() if found["kind"] == "paid"}
        return (outcomes.keys() - paid) | self._cancellations.among(paid).keys()

    def outcome(self, booking_id: str) -> Outcome | None:
        """Return how the wait for the payment ended."""
        return _outcome(self._outcomes.get(booking_id))

    def record_outcome(self, booking_id: str, outcome: Outcome) -> bool:
        """Record how the wait for the payment ended; false when an outcome is recorded already."""
        return self._outcomes.record(booking_id, **asdict(outcome))

    def cancellation(self, booking_id: str) -> Cancellation | None:
        """Return how a paid booking was cancelled."""
        return _cancellation(self._cancellations.get(booking_id))

    def record_cancellation(self, booking_id: str, cancellation: Cancellation) -> bool:
        """Record that a paid booking is cancelled; false when that is recorded already."""
        return self._cancellations.record(booking_id, **asdict(cancellation))

    def attempt(self, booking_id: str, number: int) -> PaymentAttempt | None:
        """Return one attempt to pay."""
        found = self._attempts.get(attempt_id(booking_id, number))
        return self._attempt(booking_id, number, found) if found else None

    def last_attempt(self, booking_id: str) -> PaymentAttempt | None:
        """Return the latest attempt to pay."""
        last = None
        for number in count(1):
            found = self._attempts.get(attempt_id(booking_id, number))
            if found is None:
                break
            last = number, found
        return self._attempt(booking_id, *last) if last else None

    def record_attempt(self, attempt: PaymentAttempt) -> bool:
        """Record that an attempt begins; false when one of that number is recorded already."""
        return self._attempts.record(
            attempt.attempt_id, method=attempt.method, begun_at=attempt.begun_at
        )

    def record_payment_id(self, attempt: str, payment_id: str) -> None:
        """Record the provider's id of an attempt whose result is not known yet."""
        self._payment_ids.record(attempt, payment_id=payment_id)

    def record_result(self, attempt: str, result: AttemptResult, payment_id: str | None) -> bool:
        """Record how an attempt ended; false when a result is recorded already."""
        return self._results.record(attempt, status=result, payment_id=payment_id)

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._bookings, *INDEXES)
        self.refunds.add_indexes(indexes)

    def _attempt(self, booking_id: str, number: int, found: Mapping[str, Any]) -> PaymentAttempt:
        attempt = PaymentAttempt(booking_id, number, found["method"], found["begun_at"])
        result = self._results.get(attempt.attempt_id)
        known = result
        if not (result and result.get("payment_id")):
            known = self._payment_ids.get(attempt.attempt_id)
        return replace(
            attempt,
            result=result["status"] if result else None,
            payment_id=known["payment_id"] if known else None,
        )

    def _states(self, bookings: list[Booking]) -> list[BookingState]:
        ids = [booking.booking_id for booking in bookings]
        outcomes = {key: _outcome(found) for key, found in self._outcomes.among(ids).items()}
        cancellations = {
            key: _cancellation(found) for key, found in self._cancellations.among(outcomes).items()
        }
        payments = {
            key: str(outcome.payment_id)
            for key, outcome in outcomes.items()
            if outcome and key in cancellations
        }
        refunds = self.refunds.among(payments.values())
        return [
            BookingState(
                booking,
                outcomes.get(key),
                cancellations.get(key),
                _refund_state(cancellations.get(key), refunds.get(payments.get(key, ""))),
            )
            for key, booking in zip(ids, bookings, strict=True)
        ]


def _booking(document: Mapping[str, Any]) -> Booking:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Booking(booking_id=document["_id"], **fields)


def _outcome(found: Mapping[str, Any] | None) -> Outcome | None:
    return Outcome(found["kind"], found["at"], found["payment_id"]) if found else None


def _cancellation(found: Mapping[str, Any] | None) -> Cancellation | None:
    return Cancellation(found["by"], found["at"], found["refund_amount"]) if found else None


def _refund_state(
    cancellation: Cancellation | None, refund: RecordedRefund | None
) -> RefundState | None:
    if cancellation is None or not cancellation.refund_amount:
        return None
    return refund.state_of(cancellation.refund_amount) if refund else "pending"
