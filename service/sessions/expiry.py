"""Expiry: end bookings that are not paid in time, which frees their slots."""

from typing import Final

from service.sessions.context import BookingContext
from service.sessions.model import Outcome
from service.sessions.payment import PaymentProcess

EXPIRED: Final = "The booking expired because it was not paid in time."


class Expiry:
    """Ends unpaid bookings.

    Args:
        context: Repositories, provider, settings, clock and counter.
        payments: Completes a payment that is open.
    """

    def __init__(self, context: BookingContext, payments: PaymentProcess) -> None:
        self._context = context
        self._payments = payments
        self._bookings = context.repositories.bookings

    def expire(self, booking_id: str) -> None:
        """End a booking that was not paid in time; does nothing before its time.

        An open payment is completed first.

        Raises:
            BookingClosed: The open payment succeeded after the booking had ended.
            PaymentsUnavailable: Whether it was paid is not known; the booking stays as it is.
        """
        booking = self._bookings.get(booking_id)
        if booking is not None and self._bookings.outcome(booking_id) is None:
            if self._context.now() < booking.expires_at:
                return
            self._payments.complete_open_attempt(booking)
        expired = self._bookings.record_outcome(booking_id, Outcome("expired", self._context.now()))
        if expired and booking is not None:
            self._context.count("expired")
        self._payments.watch_open_attempt(booking_id)
        self._context.repositories.tasks.remove("expire", booking_id)
