"""Cancellation by the member, by the therapist, or by a refund at the provider."""

from datetime import datetime
from typing import Final

from service.payments.gateway import PaymentRefused, PaymentsUnavailable
from service.sessions.context import LOG, BookingClosed, BookingContext
from service.sessions.expiry import EXPIRED
from service.sessions.model import Booking, BookingState, Cancellation, Canceller, Outcome
from service.sessions.payment import PaymentProcess
from service.sessions.refund_policy import refund_amount
from service.sessions.refunds import Refunds

SESSION_HAS_BEGUN: Final = "The session has begun and can no longer be cancelled."


class CancellationProcess:
    """Cancels bookings.

    Args:
        context: Repositories, provider, settings, clock and counter.
        payments: Watches a payment that is open.
        refunds: Pays back.
    """

    def __init__(self, context: BookingContext, payments: PaymentProcess, refunds: Refunds) -> None:
        self._context = context
        self._payments = payments
        self._refunds = refunds
        self._bookings = context.repositories.bookings

    def cancel(self, booking: Booking, by: Canceller) -> BookingState:
        """Cancel a booking; a cancelled one stays so.

        While the provider is unavailable the refund is postponed.

        Raises:
            BookingClosed: The booking has expired, or the session has begun.
        """
        if self._bookings.outcome(booking.booking_id) is None:
            self._cancel_unpaid(booking)
        state = self._bookings.state_of(booking)
        if state.status == "expired":
            raise BookingClosed(EXPIRED)
        if state.status == "paid":
            self._cancel_paid(booking, by)
        elif state.status == "cancelled" and state.cancellation is not None:
            self.carry_out(booking, state.cancellation)
        return self._bookings.state_of(booking)

    def carry_out(self, booking: Booking, cancellation: Cancellation) -> None:
        """Cancel a paid booking and refund it; may be repeated.

        A cancellation that was recorded before replaces the given one.
        """
        if self._bookings.record_cancellation(booking.booking_id, cancellation):
            self._context.count("cancelled")
        outcome = self._bookings.outcome(booking.booking_id)
        recorded = self._bookings.cancellation(booking.booking_id)
        if outcome and outcome.payment_id and recorded and recorded.refund_amount:
            self._refund(booking, outcome.payment_id, recorded.refund_amount)
        self._context.repositories.tasks.remove("cancel", booking.booking_id)

    def record_provider_refund(
        self, booking: Booking, payment_id: str, amount: int, at: datetime
    ) -> None:
        """Record a refund that the provider reports.

        One of the whole price cancels the booking that the payment paid.
        """
        outcome = self._bookings.outcome(booking.booking_id)
        pays_booking = outcome is not None and outcome.payment_id == payment_id
        if not pays_booking or self._bookings.cancellation(booking.booking_id) is not None:
            self._refunds.record(booking, payment_id, amount)
        elif amount >= booking.amount:
            cancellation = Cancellation("provider", at, amount)
            self._enqueue(booking, cancellation)
            self._refunds.record(booking, payment_id, amount)
            self.carry_out(booking, cancellation)

    def _cancel_unpaid(self, booking: Booking) -> None:
        cancelled = Outcome("cancelled", self._context.now())
        if self._bookings.record_outcome(booking.booking_id, cancelled):
            self._context.count("cancelled")
        self._payments.watch_open_attempt(booking.booking_id)

    def _cancel_paid(self, booking: Booking, by: Canceller) -> None:
        now = self._context.now()
        if now >= booking.starts_at:
            raise BookingClosed(SESSION_HAS_BEGUN)
        amount = refund_amount(self._context.settings, booking, by, now)
        cancellation = Cancellation(by, now, amount)
        self._enqueue(booking, cancellation)
        self.carry_out(booking, cancellation)

    def _enqueue(self, booking: Booking, cancellation: Cancellation) -> None:
        self._context.enqueue_task(
            "cancel",
            booking.booking_id,
            booking.booking_id,
            by=cancellation.by,
            at=cancellation.at,
            refund_amount=cancellation.refund_amount,
        )

    def _refund(self, booking: Booking, payment_id: str, amount: int) -> None:
        try:
            self._refunds.refund(booking, payment_id, amount)
        except (PaymentsUnavailable, PaymentRefused) as error:
            # The refund has its own task by now, and the recovery pass goes on with it.
            LOG.warning(
                "the refund of booking %s has to wait: %s", booking.booking_id, type(error).__name__
            )
            self._context.count("unavailable")
