"""What members and therapists can do to a booking. Each call may be repeated."""

from datetime import datetime, timedelta
from uuid import uuid4

from service.payments.gateway import PaymentsUnavailable
from service.payments.model import Payment
from service.sessions.cancellation import CancellationProcess
from service.sessions.context import BookingClosed, BookingContext
from service.sessions.expiry import EXPIRED, Expiry
from service.sessions.model import Booking, BookingState, Canceller, Outcome, Slot
from service.sessions.payment import CLOSED, PaymentProcess


class SlotNotFound(Exception):
    """No slot has that start, or it has begun."""


class SlotTaken(Exception):
    """Another booking holds the slot."""


class TooManyUnpaid(Exception):
    """The member holds as many unpaid slots as allowed."""


class OwnSlot(Exception):
    """The slot is the member's own."""


class BookingService:
    """The workflow of bookings.

    Args:
        context: Repositories, provider, settings, clock and counter.
        payments: Takes money.
        expiry: Ends unpaid bookings.
        cancellations: Cancels bookings.
    """

    def __init__(
        self,
        context: BookingContext,
        payments: PaymentProcess,
        expiry: Expiry,
        cancellations: CancellationProcess,
    ) -> None:
        self._context = context
        self._payments = payments
        self._expiry = expiry
        self._cancellations = cancellations
        self._bookings = context.repositories.bookings
        self._slots = context.repositories.slots
        self._tasks = context.repositories.tasks

    def book(self, member_id: str, therapist_id: str, starts_at: datetime) -> Booking:
        """Book a slot, which the booking holds until it expires.

        Args:
            member_id: Account.
            therapist_id: Account.
            starts_at: In UTC.

        Raises:
            SlotNotFound: No slot has that start, or it has begun.
            SlotTaken: Another booking holds it.
            OwnSlot: The member is the therapist.
            TooManyUnpaid: The member has to pay or cancel first. Of several calls at once, some may
                pass this check.
        """
        now = self._context.now()
        slot = self._bookable_slot(member_id, therapist_id, starts_at, now)
        booking = self._new_booking(member_id, slot, now)
        self._context.enqueue_task(
            "expire", booking.booking_id, booking.booking_id, due_at=booking.expires_at
        )
        if not self._slots.sell(slot.slot_id, booking.booking_id):
            self._tasks.remove("expire", booking.booking_id)
            self._context.count("taken")
            raise SlotTaken
        self._bookings.add(booking)
        self._context.count("booked")
        return booking

    def find(self, booking_id: str, account_id: str) -> BookingState | None:
        """Return a booking of which the account is the member or the therapist."""
        booking = self._bookings.get(booking_id)
        if booking is None or account_id not in (booking.member_id, booking.therapist_id):
            return None
        return self.state_of(booking)

    def state_of(self, booking: Booking) -> BookingState:
        """Return a booking with its outcome and its cancellation."""
        return self._bookings.state_of(booking)

    def pay(self, booking: Booking, method: str) -> Payment:
        """Pay a booking; a paid one stays so.

        Args:
            booking: The member's own.
            method: The provider's token of the payment method.

        Raises:
            BookingClosed: It has expired, was cancelled, or too many attempts failed.
            PaymentsUnavailable: Whether money was taken is not known; the same call again or the
                recovery pass finds out.
            PaymentRefused: The provider rejected the request; no money was taken.
        """
        try:
            outcome = self._outcome_by_now(booking)
            if outcome is None:
                return self._payments.pay(booking, method)
        except PaymentsUnavailable:
            self._context.count("unavailable")
            raise
        if outcome.kind == "expired":
            raise BookingClosed(EXPIRED)
        if outcome.kind == "cancelled":
            raise BookingClosed(CLOSED)
        return Payment(str(outcome.payment_id), "succeeded", booking.amount, booking.currency)

    def cancel(self, booking: Booking, by: Canceller) -> BookingState:
        """Cancel a booking and refund it by the refund policy; a cancelled one stays so.

        Raises:
            BookingClosed: It has expired, or the session has begun.
        """
        return self._cancellations.cancel(booking, by)

    def _bookable_slot(
        self, member_id: str, therapist_id: str, starts_at: datetime, now: datetime
    ) -> Slot:
        slot = self._slots.get(therapist_id, starts_at)
        if slot is None or slot.starts_at <= now:
            raise SlotNotFound
        if member_id == therapist_id:
            raise OwnSlot
        limit = self._context.settings.booking_unpaid_at_once
        if self._bookings.count_unpaid(member_id, now) >= limit:
            raise TooManyUnpaid
        if not self._slots.is_free(slot.slot_id):
            self._context.count("taken")
            raise SlotTaken
        return slot

    def _new_booking(self, member_id: str, slot: Slot, now: datetime) -> Booking:
        unpaid_until = now + timedelta(seconds=self._context.settings.booking_unpaid_seconds)
        return Booking(
            booking_id=str(uuid4()),
            member_id=member_id,
            therapist_id=slot.therapist_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            amount=slot.amount,
            currency=slot.currency,
            created_at=now,
            expires_at=min(unpaid_until, slot.starts_at),
        )

    def _outcome_by_now(self, booking: Booking) -> Outcome | None:
        outcome = self._bookings.outcome(booking.booking_id)
        if outcome is None and self._context.now() >= booking.expires_at:
            self._expiry.expire(booking.booking_id)
            return self._bookings.outcome(booking.booking_id)
        return outcome
