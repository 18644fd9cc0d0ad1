"""Bookings, payment attempts, slots, therapists and tasks as frozen values.

Nothing here knows MongoDB or HTTP. Amounts are integers in the currency's smallest unit, currencies
are ISO 4217 in lower case, and times are in UTC, to the millisecond.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from service.payments.model import RefundStatus

OutcomeKind = Literal["paid", "expired", "cancelled"]
Canceller = Literal["member", "therapist", "provider"]
Party = Literal["member_id", "therapist_id"]
AttemptResult = Literal["succeeded", "declined", "abandoned"]
BookingStatus = Literal["pending_payment", "paid", "cancelled", "refunded", "expired"]
RefundState = Literal["pending", "requires_action", "failed", "done"]
"""State of what a cancellation pays back."""
TaskKind = Literal["expire", "pay", "cancel", "refund"]

FIRST_REVISION: Final = "0"
"""Revision of profiles that no request has saved since profiles have revisions."""


@dataclass(frozen=True, slots=True)
class Therapist:
    """A therapist's profile.

    Args:
        therapist_id: Id of the account.
        languages: ISO 639 codes in lower case.
        specialties: Words in lower case.
        amount: Price of a session.
        revision: Differs after every change.
    """

    therapist_id: str
    name: str
    title: str
    languages: tuple[str, ...]
    specialties: tuple[str, ...]
    amount: int
    currency: str
    bio: str
    revision: str = FIRST_REVISION


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a therapist offers a session.

    Args:
        therapist_id: UUID.
        starts_at: To the minute.
        amount: Price.
    """

    therapist_id: str
    starts_at: datetime
    ends_at: datetime
    amount: int
    currency: str

    @property
    def slot_id(self) -> str:
        """The natural key, see ``slot_id``."""
        return slot_id(self.therapist_id, self.starts_at)


def slot_id(therapist_id: str, starts_at: datetime) -> str:
    """Return the natural key of a slot; the keys of one therapist sort by time."""
    return f"{therapist_id}:{starts_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


@dataclass(frozen=True, slots=True)
class Booking:
    """A slot that a member asked for. It never changes; outcome and cancellation lie beside it.

    Args:
        booking_id: UUID.
        member_id: Account.
        therapist_id: Account.
        amount: Price.
        expires_at: When the slot is free again unless the booking is paid.
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
    """How a booking's wait for its payment ended.

    Args:
        payment_id: The provider's id of the payment; only of a paid booking.
    """

    kind: OutcomeKind
    at: datetime
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The end of a paid booking.

    Args:
        refund_amount: What is paid back; 0 for nothing.
    """

    by: Canceller
    at: datetime
    refund_amount: int


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """One attempt to pay a booking.

    Args:
        number: From 1 on.
        method: The provider's token of the payment method.
        result: How it ended; ``None`` while that is not known.
        payment_id: The provider's id of the payment, once it is known.
    """

    booking_id: str
    number: int
    method: str
    begun_at: datetime
    result: AttemptResult | None = None
    payment_id: str | None = None

    @property
    def attempt_id(self) -> str:
        """The natural key, see ``attempt_id``."""
        return attempt_id(self.booking_id, self.number)

    @property
    def may_hold_money(self) -> bool:
        """Whether it succeeded or may still succeed."""
        return self.result in (None, "succeeded")


def attempt_id(booking_id: str, number: int) -> str:
    """Return the natural key of an attempt; the provider's idempotency key is made of it."""
    return f"{booking_id}:{number}"


@dataclass(frozen=True, slots=True)
class BookingState:
    """A booking with its outcome and its cancellation at one instant."""

    booking: Booking
    outcome: Outcome | None = None
    cancellation: Cancellation | None = None
    refund: RefundState | None = None

    @property
    def refunded(self) -> bool:
        """Whether the refund was paid back."""
        return self.refund == "done"

    @property
    def status(self) -> BookingStatus:
        """The status that clients read."""
        if self.outcome is None:
            return "pending_payment"
        if self.outcome.kind != "paid":
            return self.outcome.kind
        if self.cancellation is None:
            return "paid"
        return "refunded" if self.refunded and self.cancellation.refund_amount else "cancelled"


@dataclass(frozen=True, slots=True)
class RecordedRefund:
    """What is recorded of one payment's refunds.

    Args:
        booking_id: The booking it belongs to.
        refund_id: The provider's id of the first one; ``None`` when it was made at the provider.
        amount: Of the first one.
        states: The last state of each refund whose state the provider reported, with its amount.
    """

    booking_id: str
    refund_id: str | None
    amount: int
    states: Mapping[str, tuple[RefundStatus, int]]

    def state_of(self, amount: int) -> RefundState:
        """Return the state of what is to be paid back.

        Args:
            amount: In the currency's smallest unit.
        """
        if not self.states:  # from the time before states were recorded, or made at the provider
            return "done"
        found = [status for status, _ in self.states.values()]
        paid = sum(part for status, part in self.states.values() if status == "succeeded")
        if paid >= min(amount, self.amount):
            return "done"
        if "requires_action" in found:
            return "requires_action"
        return "pending" if "pending" in found else "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """Work on a booking that has to be finished, by its request or by the recovery pass.

    Args:
        kind: ``expire`` an unpaid booking, find out how an attempt to ``pay`` ended, ``cancel`` a
            paid booking, or ``refund`` a payment.
        subject: Id of the booking, attempt or payment.
        booking_id: The booking it belongs to.
        begun_at: When it was recorded.
        due_at: When the recovery pass may take it over.
        details: What carrying it out needs.
    """

    kind: TaskKind
    subject: str
    booking_id: str
    begun_at: datetime
    due_at: datetime
    details: Mapping[str, Any]

    @property
    def task_id(self) -> str:
        """The natural key: kind and subject."""
        return f"{self.kind}:{self.subject}"
