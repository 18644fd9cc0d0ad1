"""Refunds: pay money back once, however often and by however many workers it is requested."""

from service.sessions.context import BookingContext
from service.sessions.model import Booking


class Refunds:
    """Refunds payments of bookings.

    Args:
        context: Repositories, provider, settings, clock and counter.
    """

    def __init__(self, context: BookingContext) -> None:
        self._context = context
        self._bookings = context.repositories.bookings
        self._tasks = context.repositories.tasks

    def refund(self, booking: Booking, payment_id: str, amount: int) -> None:
        """Pay money back; does nothing when the payment was refunded before.

        Raises:
            PaymentsUnavailable: Not paid back yet; the task is recorded.
            PaymentRefused: The same, by a mistake of this service.
        """
        if not self._bookings.is_refunded(payment_id):
            self._context.enqueue_task("refund", payment_id, booking.booking_id, amount=amount)
            refund_id = self._context.payments.refund(
                payment_id=payment_id, amount=amount, key=f"refund:{payment_id}"
            )
            self.record(booking, payment_id, amount, refund_id)
        self._tasks.remove("refund", payment_id)

    def record(
        self, booking: Booking, payment_id: str, amount: int, refund_id: str | None = None
    ) -> None:
        """Record that money was paid back."""
        is_new = self._bookings.record_refund(
            payment_id,
            booking_id=booking.booking_id,
            amount=amount,
            refund_id=refund_id,
            at=self._context.now(),
        )
        if is_new:
            self._context.count("refunded")
