"""Payment of bookings: one attempt after another, each requested from the provider once.

The provider's idempotency key is made of the booking and the number of the attempt, and another
attempt begins only once the one before has failed for good: however often and by whomever a payment
is requested, money is taken once.
"""

from datetime import timedelta
from typing import Final

from service.payments.gateway import PaymentRefused
from service.payments.model import Payment
from service.sessions.context import LOG, BookingClosed, BookingContext
from service.sessions.model import Booking, PaymentAttempt
from service.sessions.settlement import Settlement

MAX_ATTEMPTS: Final = 10
"""Of one booking: stolen cards cannot be tried out on a slot."""

TOO_MANY_ATTEMPTS: Final = "Too many payments for this session were declined; book another session."
PAYMENT_REFUNDED: Final = (
    "The booking was closed before the payment succeeded; the payment is refunded."
)
CLOSED: Final = "The booking is closed."


class PaymentProcess:
    """Takes money for bookings.

    Args:
        context: Repositories, provider, settings, clock and counter.
        settlement: Records results.
    """

    def __init__(self, context: BookingContext, settlement: Settlement) -> None:
        self._context = context
        self._settlement = settlement
        self._bookings = context.repositories.bookings
        self._tasks = context.repositories.tasks

    def pay(self, booking: Booking, method: str) -> Payment:
        """Pay a booking that has no outcome.

        An open attempt is completed first; a new one begins only if that one failed.

        Raises:
            BookingClosed: The booking ended in the meantime, or too many attempts failed.
            PaymentsUnavailable: Whether money was taken is not known.
            PaymentRefused: The provider rejected the request; no money was taken.
        """
        while True:
            last = self._bookings.last_attempt(booking.booking_id)
            if last is not None and last.may_hold_money:
                payment = self.complete(booking, last)
                if payment.status != "declined":
                    return payment
            attempt = self._begin(booking, last, method)
            if attempt is not None:
                return self.complete(booking, attempt)

    def complete(self, booking: Booking, attempt: PaymentAttempt) -> Payment:
        """Request the payment of an attempt, or its state; to the provider both are one call.

        Raises:
            BookingClosed: It succeeded after the booking had ended, and was refunded.
            PaymentsUnavailable: The result is not known.
            PaymentRefused: The provider rejected the request; no money was taken.
        """
        if attempt.result == "succeeded" and attempt.payment_id is not None:
            payment = Payment(attempt.payment_id, "succeeded", booking.amount, booking.currency)
        else:
            payment = self._request(booking, attempt)
        if not self._settlement.record_result(booking, attempt, payment):
            raise BookingClosed(PAYMENT_REFUNDED)
        return payment

    def complete_open_attempt(self, booking: Booking) -> None:
        """Complete the last attempt, unless it failed or is too old to be requested again.

        Raises:
            BookingClosed, PaymentsUnavailable, PaymentRefused: As ``complete``.
        """
        last = self._bookings.last_attempt(booking.booking_id)
        if last is not None and last.may_hold_money and not self.abandon(last):
            self.complete(booking, last)

    def watch_open_attempt(self, booking_id: str) -> None:
        """Record a task for the open attempt of an ended booking.

        It may still succeed, and is to be refunded then.
        """
        last = self._bookings.last_attempt(booking_id)
        if last is not None and last.result is None:
            self._enqueue(last)

    def abandon(self, attempt: PaymentAttempt) -> bool:
        """Abandon an attempt that is too old to be requested again.

        The provider may have forgotten its key, and would take the money anew.

        Returns:
            Whether it is that old.
        """
        limit = timedelta(seconds=self._context.settings.payment_watch_seconds)
        if self._context.now() - attempt.begun_at < limit:
            return False
        attempt_id = attempt.attempt_id
        if self._bookings.record_result(attempt_id, "abandoned", attempt.payment_id):
            LOG.error(
                "the result of payment %s is unknown for good: check it at the provider", attempt_id
            )
            self._context.count("abandoned")
        self._tasks.remove("pay", attempt_id)
        return True

    def _begin(
        self, booking: Booking, last: PaymentAttempt | None, method: str
    ) -> PaymentAttempt | None:
        number = last.number + 1 if last else 1
        if number > MAX_ATTEMPTS:
            raise BookingClosed(TOO_MANY_ATTEMPTS)
        attempt = PaymentAttempt(booking.booking_id, number, method, self._context.now())
        self._enqueue(attempt)
        if not self._bookings.record_attempt(attempt):
            return None
        # Expiry and cancellation read the attempts after they record their outcome: one of the two
        # sees the other.
        if self._bookings.outcome(booking.booking_id) is not None:
            self._end_without_payment(attempt)
            raise BookingClosed(CLOSED)
        return attempt

    def _request(self, booking: Booking, attempt: PaymentAttempt) -> Payment:
        try:
            return self._context.payments.pay(
                amount=booking.amount,
                currency=booking.currency,
                method=attempt.method,
                booking_id=booking.booking_id,
                key=f"pay:{attempt.attempt_id}",
            )
        except PaymentRefused as error:
            # Every further request would be rejected too.
            LOG.error("the provider rejected payment %s: %s", attempt.attempt_id, error)
            self._end_without_payment(attempt)
            raise

    def _end_without_payment(self, attempt: PaymentAttempt) -> None:
        self._bookings.record_result(attempt.attempt_id, "declined", None)
        self._tasks.remove("pay", attempt.attempt_id)

    def _enqueue(self, attempt: PaymentAttempt) -> None:
        self._context.enqueue_task(
            "pay", attempt.attempt_id, attempt.booking_id, number=attempt.number
        )
