"""Bookings in MongoDB. A booking never changes; what became of it is facts beside it, each of which
can be stated once.

- its *outcome*: paid, or expired, or cancelled before it was paid; whoever states it first decides
between payment, expiry and member;
- its *cancellation*, after it was paid, with what is paid back;
- its *attempts* to pay, numbered, with the *result* of each, and the provider's *name* of it where
that is known before the result;
- *refunds*, by payment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count
from typing import Any, Literal

from pymongo import DESCENDING, IndexModel
from pymongo.database import Database

from service.mongo.cursor import Cursor
from service.mongo.write_once import WriteOnceStore

OutcomeKind = Literal["paid", "expired", "cancelled"]
Canceller = Literal["member", "therapist", "provider"]
Party = Literal["member_id", "therapist_id"]
Result = Literal["succeeded", "declined", "abandoned"]
Status = Literal["pending_payment", "paid", "cancelled", "refunded", "expired"]


@dataclass(frozen=True, slots=True)
class Booking:
    """A slot that a member asked for.

    Args:
        booking_id: UUID.
        member_id: Account.
        therapist_id: Account.
        amount: Price in the currency's smallest unit.
        currency: ISO 4217, in lower case.
        expires_at: When the slot is free again unless it is paid.
    """

    booking_id: str
    member_id: str
    therapist_id: str
    starts_at: datetime
    ends_at: datetime
    amount: int
    currency: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the wait for the payment ended.

    Args:
        payment_id: The provider's name of what was paid; when it was.
    """

    kind: OutcomeKind
    at: datetime
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The end of a paid booking.

    Args:
        refund_amount: What is paid back, in the currency's smallest unit.
    """

    by: Canceller
    at: datetime
    refund_amount: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to pay.

    Args:
        number: From 1 on.
        method: The provider's token of what is paid with.
        result: How it ended; ``None`` while that is not known.
        payment_id: The provider's name of it, where it is known.
    """

    number: int
    method: str
    begun_at: datetime
    result: Result | None = None
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class BookingState:
    """A booking and what became of it."""

    booking: Booking
    outcome: Outcome | None = None
    cancellation: Cancellation | None = None
    refunded: bool = False

    @property
    def status(self) -> Status:
        """Where it stands, in a word."""
        if self.outcome is None:
            return "pending_payment"
        if self.outcome.kind != "paid":
            return self.outcome.kind
        if self.cancellation is None:
            return "paid"
        return "refunded" if self.refunded and self.cancellation.refund_amount else "cancelled"


def attempt_name(booking_id: str, number: int) -> str:
    """The name of an attempt."""
    return f"{booking_id}:{number}"


class BookingStore:
    """Repository of bookings and what became of them.

    Args:
        database: Returns time-zone aware datetimes.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._bookings = database["bookings"]
        self.outcomes = WriteOnceStore(database["booking_outcomes"])
        self.cancellations = WriteOnceStore(database["booking_cancellations"])
        self.attempts = WriteOnceStore(database["payment_attempts"])
        self.results = WriteOnceStore(database["payment_results"])
        self.payment_names = WriteOnceStore(database["payment_names"])
        self.refunds = WriteOnceStore(database["refunds"])

    def add(self, booking: Booking) -> None:
        """Store a booking."""
        fields = asdict(booking)
        self._bookings.insert_one({"_id": fields.pop("booking_id"), **fields})

    def get(self, booking_id: str) -> Booking | None:
        """The booking of that id."""
        found = self._bookings.find_one({"_id": booking_id})
        return _booking(found) if found else None

    def state(self, booking: Booking) -> BookingState:
        """What became of a booking, as of now."""
        outcome = self.outcome(booking.booking_id)
        if outcome is None or outcome.kind != "paid":
            return BookingState(booking, outcome)
        cancellation = self.cancellation(booking.booking_id)
        refunded = (
            cancellation is not None and self.refunds.get(str(outcome.payment_id)) is not None
        )
        return BookingState(booking, outcome, cancellation, refunded)

    def page(
        self, party: Party, account_id: str, *, limit: int, after: Cursor | None = None
    ) -> tuple[list[BookingState], Cursor | None]:
        """Bookings of a member or of a therapist, the latest session first.

        Args:
            party: As what the account is looked for.
            account_id: Whose they are.
            limit: At most so many, at least 1.
            after: Where the page before this one ended.

        Returns:
            The bookings, and where the page after this one begins.
        """
        query: dict[str, Any] = {party: account_id}
        if after is not None:
            earlier = {"starts_at": {"$lt": after.at}}
            query["$or"] = [earlier, {"starts_at": after.at, "_id": {"$lt": after.key}}]
        order = [("starts_at", DESCENDING), ("_id", DESCENDING)]
        found = [_booking(one) for one in self._bookings.find(query, sort=order, limit=limit + 1)]
        last = found[limit - 1] if len(found) > limit else None
        return self._states(found[:limit]), Cursor(
            last.starts_at, last.booking_id
        ) if last else None

    def unpaid(self, member_id: str, now: datetime) -> int:
        """How many slots a member holds that are not paid."""
        held = self._bookings.find(
            {"member_id": member_id, "expires_at": {"$gt": now}}, projection=["_id"]
        )
        names = {found["_id"] for found in held}
        return len(names - self.outcomes.among(names).keys())

    def over(self, booking_ids: Iterable[str]) -> set[str]:
        """Which of some bookings are over, so that their slots are free."""
        outcomes = self.outcomes.among(booking_ids)
        paid = {name for name, found in outcomes.items() if found["kind"] == "paid"}
        return (outcomes.keys() - paid) | self.cancellations.among(paid).keys()

    def outcome(self, booking_id: str) -> Outcome | None:
        """How the wait for the payment ended."""
        return _outcome(self.outcomes.get(booking_id))

    def decide(self, booking_id: str, outcome: Outcome) -> bool:
        """Say how the wait for the payment ended; false when that has been said."""
        return self.outcomes.record(booking_id, **asdict(outcome))

    def cancellation(self, booking_id: str) -> Cancellation | None:
        """How a paid booking was cancelled."""
        return _cancellation(self.cancellations.get(booking_id))

    def last_attempt(self, booking_id: str) -> Attempt | None:
        """The latest attempt to pay."""
        last = None
        for number in count(1):
            found = self.attempts.get(attempt_name(booking_id, number))
            if found is None:
                break
            last = number, found
        return self._attempt(booking_id, *last) if last else None

    def attempt(self, booking_id: str, number: int) -> Attempt | None:
        """One attempt to pay."""
        found = self.attempts.get(attempt_name(booking_id, number))
        return self._attempt(booking_id, number, found) if found else None

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        for party in ("member_id", "therapist_id"):
            self._bookings.create_indexes([IndexModel([(party, 1), ("starts_at", DESCENDING)])])

    def _attempt(self, booking_id: str, number: int, found: Mapping[str, Any]) -> Attempt:
        name = attempt_name(booking_id, number)
        result = self.results.get(name)
        known = result if result and result.get("payment_id") else self.payment_names.get(name)
        payment_id = known["payment_id"] if known else None
        return Attempt(
            number,
            found["method"],
            found["begun_at"],
            result["status"] if result else None,
            payment_id,
        )

    def _states(self, bookings: list[Booking]) -> list[BookingState]:
        ids = [booking.booking_id for booking in bookings]
        outcomes = {name: _outcome(found) for name, found in self.outcomes.among(ids).items()}
        cancellations = {
            name: _cancellation(found) for name, found in self.cancellations.among(outcomes).items()
        }
        paid = {
            name: str(outcome.payment_id)
            for name, outcome in outcomes.items()
            if outcome and name in cancellations
        }
        refunds = self.refunds.among(paid.values())
        return [
            BookingState(
                one, outcomes.get(name), cancellations.get(name), paid.get(name) in refunds
            )
            for name, one in zip(ids, bookings, strict=True)
        ]


def _booking(document: Mapping[str, Any]) -> Booking:
    return Booking(
        booking_id=document["_id"],
        **{name: value for name, value in document.items() if name != "_id"},
    )


def _outcome(found: Mapping[str, Any] | None) -> Outcome | None:
    return Outcome(found["kind"], found["at"], found["payment_id"]) if found else None


def _cancellation(found: Mapping[str, Any] | None) -> Cancellation | None:
    return Cancellation(found["by"], found["at"], found["refund_amount"]) if found else None
