"""``Bookings``: what members, therapists and the provider's webhooks can do to a booking. Each call
may be sent again.
"""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from service.payments.events import PaymentEvent, PaymentFailed, PaymentRefunded, PaymentSucceeded
from service.payments.gateway import Payment, PaymentsUnavailable
from service.sessions.cancellation import EXPIRED, Ending
from service.sessions.context import Closed, Parts
from service.sessions.payment import OVER, Paying
from service.sessions.repository import Booking, BookingState, Canceller, Outcome

_log = logging.getLogger("service.sessions")

Handled = Literal["done", "unknown_booking", "other_amount", "ignored"]


class NoSuchSlot(Exception):
    """There is no slot then, or it has begun."""


class SlotTaken(Exception):
    """Somebody has the slot."""


class TooManyUnpaid(Exception):
    """The member holds as many slots without paying as one may."""


class OwnSlot(Exception):
    """A therapist does not book her own slot."""


class Bookings:
    """The workflow of bookings.

    Args:
        parts: What it works with.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.paying = Paying(parts)
        self.ending = Ending(parts, self.paying)
        self._sessions = parts.sessions

    def book(self, member_id: str, therapist_id: str, starts_at: datetime) -> Booking:
        """Book a slot, which is then kept until the booking expires.

        Args:
            member_id: Account.
            therapist_id: Account.
            starts_at: In UTC.

        Raises:
            NoSuchSlot: There is none then, or it has begun.
            SlotTaken: Somebody has it.
            OwnSlot: The member is the therapist.
            TooManyUnpaid: The member is to pay or cancel first. Of several calls at once, some may
                get by.
        """
        slot, now = self._sessions.slots.get(therapist_id, starts_at), self.parts.now()
        if slot is None or slot.starts_at <= now:
            raise NoSuchSlot
        if member_id == therapist_id:
            raise OwnSlot
        if (
            self._sessions.bookings.unpaid(member_id, now)
            >= self.parts.settings.booking_unpaid_at_once
        ):
            raise TooManyUnpaid
        if not self._sessions.slots.is_free(slot.slot_id):
            self.parts.count("taken")
            raise SlotTaken
        expires_at = min(
            now + timedelta(seconds=self.parts.settings.booking_unpaid_seconds), slot.starts_at
        )
        booking = Booking(
            str(uuid4()),
            member_id,
            therapist_id,
            slot.starts_at,
            slot.ends_at,
            slot.amount,
            slot.currency,
            now,
            expires_at,
        )
        self.parts.write_down("expire", booking.booking_id, booking.booking_id, due_at=expires_at)
        if not self._sessions.slots.sell(slot.slot_id, booking.booking_id):
            self._sessions.tasks.remove("expire", booking.booking_id)
            self.parts.count("taken")
            raise SlotTaken
        self._sessions.bookings.add(booking)
        self.parts.count("booked")
        return booking

    def find(self, booking_id: str, account_id: str) -> BookingState | None:
        """A booking of somebody's own, as member or as therapist; another's is not found."""
        booking = self._sessions.bookings.get(booking_id)
        if booking is None or account_id not in (booking.member_id, booking.therapist_id):
            return None
        return self._sessions.bookings.state(booking)

    def pay(self, booking: Booking, method: str) -> Payment:
        """Pay a booking; one that is paid stays so.

        Args:
            booking: The member's own.
            method: The provider's token.

        Raises:
            Closed: It has expired, was cancelled, or cannot be paid any more.
            PaymentsUnavailable: Whether money was taken is not known; the same call again tells, or
                the recovery pass finds out.
            PaymentRefused: We asked for what cannot be; no money was taken.
        """
        outcome = self._sessions.bookings.outcome(booking.booking_id)
        try:
            if outcome is None and self.parts.now() >= booking.expires_at:
                self.ending.expire(booking.booking_id)
                outcome = self._sessions.bookings.outcome(booking.booking_id)
            if outcome is None:
                return self.paying.pay(booking, method)
        except PaymentsUnavailable:
            self.parts.count("unavailable")
            raise
        return self._paid_already(booking, outcome)

    def cancel(self, booking: Booking, by: Canceller) -> BookingState:
        """Cancel a booking, and pay back what the rules say; one that is cancelled stays so.

        Raises:
            Closed: It has expired, or the session has begun.
        """
        return self.ending.cancel(booking, by)

    def told(self, event: PaymentEvent) -> None:
        """Act on what the provider's webhook tells; may be told twice, and in any order.

        Raises:
            PaymentsUnavailable: Money could not be given back yet; have it told again.
        """
        handle = {
            PaymentSucceeded: self.payment_succeeded,
            PaymentFailed: self.payment_failed,
            PaymentRefunded: self.payment_refunded,
        }
        handled = handle[type(event)](**asdict(event))
        if handled != "done":
            _log.info("%s of booking %s: %s", type(event).__name__, event.booking_id, handled)

    def payment_succeeded(
        self, *, booking_id: str, payment_id: str, amount: int, currency: str
    ) -> Handled:
        """The provider tells of a payment that succeeded; told again, nothing changes.

        Raises:
            PaymentsUnavailable: It was for nothing and could not be given back yet; have it told
                again.
        """
        booking = self._sessions.bookings.get(booking_id)
        if booking is None:
            return "unknown_booking"
        if (amount, currency.lower()) != (booking.amount, booking.currency):
            _log.error("a payment of booking %s is not of its price", booking_id)
            return "other_amount"
        last = self._sessions.bookings.last_attempt(booking_id)
        if last is not None and last.result is None and last.payment_id in (None, payment_id):
            self.paying.learn(
                booking, last.number, Payment(payment_id, "succeeded", amount, booking.currency)
            )
        else:
            self.paying.settle(booking, payment_id)
        return "done"

    def payment_failed(
        self, *, booking_id: str, payment_id: str, amount: int, currency: str
    ) -> Handled:
        """The provider tells of a payment that failed. Only one that is known to be the open
        attempt's ends it.
        """
        booking = self._sessions.bookings.get(booking_id)
        if booking is None:
            return "unknown_booking"
        last = self._sessions.bookings.last_attempt(booking_id)
        if last is None or last.result is not None or last.payment_id != payment_id:
            return "ignored"
        self.paying.learn(booking, last.number, Payment(payment_id, "declined", amount, currency))
        return "done"

    def payment_refunded(
        self, *, booking_id: str, payment_id: str, amount: int, currency: str
    ) -> Handled:
        """The provider tells of money that was given back, by us or by somebody there."""
        booking = self._sessions.bookings.get(booking_id)
        if booking is None:
            return "unknown_booking"
        if currency.lower() != booking.currency:
            return "other_amount"
        self.ending.given_back(booking, payment_id, amount, self.parts.now())
        return "done"

    @staticmethod
    def _paid_already(booking: Booking, outcome: Outcome) -> Payment:
        if outcome.kind == "expired":
            raise Closed(EXPIRED)
        if outcome.kind == "cancelled":
            raise Closed(OVER)
        return Payment(str(outcome.payment_id), "succeeded", booking.amount, booking.currency)
