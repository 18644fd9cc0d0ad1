"""Settlement: what a payment's result at the provider does to its booking.

A successful payment decides the booking; one that comes second, or after the booking has ended, is
refunded whole. Each call may be repeated: by the request, its webhook and the recovery pass.
"""

from service.payments.model import Payment
from service.sessions.context import BookingContext
from service.sessions.model import Booking, Outcome, PaymentAttempt
from service.sessions.refunds import Refunds


class Settlement:
    """Records results of payments.

    Args:
        context: Repositories, provider, settings, clock and counter.
        refunds: Pays back what decides no booking.
    """

    def __init__(self, context: BookingContext, refunds: Refunds) -> None:
        self._context = context
        self._refunds = refunds
        self._bookings = context.repositories.bookings
        self._tasks = context.repositories.tasks

    def record_result(self, booking: Booking, attempt: PaymentAttempt, payment: Payment) -> bool:
        """Record the state of an attempt.

        Returns:
            False when it succeeded but does not pay the booking, and was refunded.

        Raises:
            PaymentsUnavailable: It could not be refunded yet; the task is recorded.
        """
        attempt_id = attempt.attempt_id
        accepted = True
        match payment.status:
            case "succeeded":
                self._bookings.record_result(attempt_id, "succeeded", payment.payment_id)
                accepted = self.settle(booking, payment.payment_id)
            case "declined":
                if self._bookings.record_result(attempt_id, "declined", payment.payment_id):
                    self._context.count("declined")
            case _:
                self._bookings.record_payment_id(attempt_id, payment.payment_id)
                self._context.count(payment.status)
                return accepted
        self._tasks.remove("pay", attempt_id)
        return accepted

    def settle(self, booking: Booking, payment_id: str) -> bool:
        """Decide a booking by a successful payment.

        Returns:
            Whether this payment pays the booking; if not, it was refunded.

        Raises:
            PaymentsUnavailable: It could not be refunded yet; the task is recorded.
        """
        paid = Outcome("paid", self._context.now(), payment_id)
        is_first = self._bookings.record_outcome(booking.booking_id, paid)
        outcome = self._bookings.outcome(booking.booking_id)
        if outcome is None or (outcome.kind, outcome.payment_id) != ("paid", payment_id):
            self._unmatched_payment(booking, payment_id)
            return False
        if is_first:
            self._context.count("paid")
        self._context.repositories.care.assign(booking.therapist_id, booking.member_id)
        self._tasks.remove("expire", booking.booking_id)
        return True

    def _unmatched_payment(self, booking: Booking, payment_id: str) -> None:
        self._context.count("surplus")
        self._refunds.refund(booking, payment_id, booking.amount)
