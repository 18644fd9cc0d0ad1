"""Refunds: pay money back once, however often and by however many workers it is requested.

A refund may be pending for days and may fail at the bank. Its state comes by the webhook, and by
the recovery pass, which reads it until it is final.
"""

from service.payments.model import Refund, RefundStatus
from service.sessions.context import LOG, BookingContext
from service.sessions.model import Booking


class Refunds:
    """Refunds payments of bookings.

    Args:
        context: Repositories, provider, settings, clock and counters.
    """

    def __init__(self, context: BookingContext) -> None:
        self._context = context
        self._refunds = context.repositories.bookings.refunds
        self._tasks = context.repositories.tasks

    def refund(self, booking: Booking, payment_id: str, amount: int) -> None:
        """Pay money back, or read the state of a refund that was made before and is open.

        The task stays until the state is final.

        Raises:
            PaymentsUnavailable: Not paid back yet, or the state is unknown; the task is recorded.
            PaymentRefused: The same, by a mistake of this service.
        """
        recorded = self._refunds.get(payment_id)
        if recorded is None:
            self._context.enqueue_task("refund", payment_id, booking.booking_id, amount=amount)
            refund = self._context.payments.refund(
                payment_id=payment_id, amount=amount, key=f"refund:{payment_id}"
            )
            # Its state first: a refund without any counts as done.
            self._record_state(booking.booking_id, payment_id, refund)
            self.record(booking, payment_id, amount, refund.refund_id)
        elif recorded.refund_id and recorded.state_of(amount) in ("pending", "requires_action"):
            refund = self._context.payments.find_refund(recorded.refund_id)
            self._record_state(booking.booking_id, payment_id, refund)
        else:
            self._tasks.remove("refund", payment_id)
            return
        if refund.status not in ("pending", "requires_action"):
            self._tasks.remove("refund", payment_id)

    def record(
        self, booking: Booking, payment_id: str, amount: int, refund_id: str | None = None
    ) -> None:
        """Record that a refund was made."""
        is_new = self._refunds.record(
            payment_id,
            booking_id=booking.booking_id,
            amount=amount,
            refund_id=refund_id,
            at=self._context.now(),
        )
        if is_new:
            self._context.count("refunded")

    def change(
        self,
        booking_id: str | None,
        payment_id: str,
        refund_id: str,
        status: RefundStatus,
        amount: int,
        reason: str,
    ) -> bool:
        """Record the state of a refund that the provider reports.

        Returns:
            False when the payment belongs to no booking.
        """
        recorded = self._refunds.get(payment_id)
        known_id = booking_id or (recorded.booking_id if recorded else None)
        if known_id is None:
            return False
        self._record_state(known_id, payment_id, Refund(refund_id, status, amount), reason)
        if status not in ("pending", "requires_action") and recorded is not None:
            self._tasks.remove("refund", payment_id)
        return True

    def _record_state(
        self, booking_id: str, payment_id: str, refund: Refund, reason: str = ""
    ) -> None:
        is_new = self._refunds.record_state(
            payment_id, refund.refund_id, refund.status, refund.amount, self._context.now()
        )
        if not is_new:
            return
        self._context.count_refund(refund.status)
        if refund.status in ("failed", "canceled"):
            LOG.error(
                "refund %s of booking %s was not paid back (%s%s): pay it back in another way",
                refund.refund_id,
                booking_id,
                refund.status,
                f", {reason}" if reason else "",
            )
