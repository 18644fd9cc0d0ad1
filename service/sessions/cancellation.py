"""Bookings that end: because nobody paid, because somebody cancelled, because the provider gave the
money back.
"""

from datetime import datetime

from service.payments.gateway import PaymentRefused, PaymentsUnavailable
from service.sessions.context import LOG, Closed, Parts
from service.sessions.payment import Paying
from service.sessions.refund_policy import refund_amount
from service.sessions.repository import (
    Booking,
    BookingState,
    Cancellation,
    Canceller,
    Outcome,
    attempt_name,
)

EXPIRED = "The booking has expired, because it was not paid in time."
BEGUN = "The session has begun; it cannot be cancelled any more."


class Ending:
    """Ends bookings.

    Args:
        parts: What it works with.
        paying: Gives money back.
    """

    def __init__(self, parts: Parts, paying: Paying) -> None:
        self._parts = parts
        self._paying = paying
        self._bookings, self._tasks = parts.sessions.bookings, parts.sessions.tasks

    def expire(self, booking_id: str) -> None:
        """End a booking that was not paid in time. A payment under way is asked about before; does
        nothing before its time.

        Raises:
            PaymentsUnavailable: Whether it was paid is not known; it stays as it is.
        """
        booking = self._bookings.get(booking_id)
        if booking is not None and self._bookings.outcome(booking_id) is None:
            if self._parts.now() < booking.expires_at:
                return
            self._ask_about_the_last(booking)
        if (
            self._bookings.decide(booking_id, Outcome("expired", self._parts.now()))
            and booking is not None
        ):
            self._parts.count("expired")
        self._watch_the_last(booking_id)
        self._tasks.remove("expire", booking_id)

    def cancel(self, booking: Booking, by: Canceller) -> BookingState:
        """Cancel a booking; one that is cancelled stays so. The money follows when the provider is
        not there at the moment.

        Raises:
            Closed: It has expired, or the session has begun.
        """
        if self._bookings.outcome(booking.booking_id) is None:
            if self._bookings.decide(booking.booking_id, Outcome("cancelled", self._parts.now())):
                self._parts.count("cancelled")
            self._watch_the_last(booking.booking_id)
        state = self._bookings.state(booking)
        if state.status == "expired":
            raise Closed(EXPIRED)
        if state.status == "paid":
            now = self._parts.now()
            if now >= booking.starts_at:
                raise Closed(BEGUN)
            amount = refund_amount(self._parts.settings, booking, by, now)
            self._parts.write_down(
                "cancel",
                booking.booking_id,
                booking.booking_id,
                by=by,
                at=now,
                refund_amount=amount,
            )
            self.carry_out(booking, Cancellation(by, now, amount))
        elif state.status == "cancelled" and state.cancellation is not None:
            self.carry_out(booking, state.cancellation)
        return self._bookings.state(booking)

    def carry_out(self, booking: Booking, wish: Cancellation) -> None:
        """Cancel a paid booking as was wished, or finish what was begun before; as often as one
        likes.
        """
        stated = self._bookings.cancellations.record(
            booking.booking_id, by=wish.by, at=wish.at, refund_amount=wish.refund_amount
        )
        if stated:
            self._parts.count("cancelled")
        outcome, cancellation = (
            self._bookings.outcome(booking.booking_id),
            self._bookings.cancellation(booking.booking_id),
        )
        if outcome and outcome.payment_id and cancellation and cancellation.refund_amount:
            try:
                self._paying.refund(booking, outcome.payment_id, cancellation.refund_amount)
            except (PaymentsUnavailable, PaymentRefused) as error:
                # The refund is a task of its own by now, and the pass goes on with it.
                LOG.warning(
                    "the refund of booking %s has to wait: %s",
                    booking.booking_id,
                    type(error).__name__,
                )
                self._parts.count("unavailable")
        self._tasks.remove("cancel", booking.booking_id)

    def given_back(self, booking: Booking, payment_id: str, amount: int, at: datetime) -> None:
        """The provider gave money back. A paid booking whose whole price that is, is cancelled by
        it.
        """
        outcome = self._bookings.outcome(booking.booking_id)
        paid_by_it = outcome is not None and outcome.payment_id == payment_id
        if paid_by_it and self._bookings.cancellation(booking.booking_id) is None:
            if amount < booking.amount:
                return
            self._parts.write_down(
                "cancel",
                booking.booking_id,
                booking.booking_id,
                by="provider",
                at=at,
                refund_amount=amount,
            )
            self._paying.refunded(booking, payment_id, amount)
            self.carry_out(booking, Cancellation("provider", at, amount))
            return
        self._paying.refunded(booking, payment_id, amount)

    def _ask_about_the_last(self, booking: Booking) -> None:
        last = self._bookings.last_attempt(booking.booking_id)
        if (
            last is None
            or last.result not in (None, "succeeded")
            or self._paying.abandon(booking.booking_id, last)
        ):
            return
        self._paying.ask(booking, last)

    def _watch_the_last(self, booking_id: str) -> None:
        # A payment may still come of it, and has to be given back then.
        last = self._bookings.last_attempt(booking_id)
        if last is not None and last.result is None:
            self._parts.write_down(
                "pay", attempt_name(booking_id, last.number), booking_id, number=last.number
            )
