"""The provider's webhook events about bookings; an event may come twice, and in any order."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Literal

from service.payments.model import (
    Payment,
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    RefundChanged,
    RefundStatus,
)
from service.sessions.cancellation import CancellationProcess
from service.sessions.context import LOG, BookingContext
from service.sessions.refunds import Refunds
from service.sessions.settlement import Settlement

EventResult = Literal["done", "unknown_booking", "other_amount", "ignored"]


class BookingPaymentEvents:
    """Applies the provider's events to bookings.

    Args:
        context: Repositories, provider, settings, clock and counter.
        settlement: Records results of payments.
        cancellations: Records refunds.
        refunds: Records their states.
    """

    def __init__(
        self,
        context: BookingContext,
        settlement: Settlement,
        cancellations: CancellationProcess,
        refunds: Refunds,
    ) -> None:
        self._context = context
        self._settlement = settlement
        self._cancellations = cancellations
        self._refunds = refunds
        self._bookings = context.repositories.bookings

    def handle_payment_event(self, event: PaymentEvent) -> None:
        """Apply an event to its booking.

        Raises:
            PaymentsUnavailable: Money could not be refunded yet; let the event be delivered again.
        """
        apply: dict[type[PaymentEvent], Callable[..., EventResult]] = {
            PaymentSucceeded: self.payment_succeeded,
            PaymentFailed: self.payment_failed,
            PaymentRefunded: self.payment_refunded,
            RefundChanged: self.refund_changed,
            PaymentDisputed: self.payment_disputed,
        }
        result = apply[type(event)](**asdict(event))
        if result != "done":
            LOG.info("%s of booking %s: %s", type(event).__name__, event.booking_id, result)

    def payment_succeeded(
        self, *, booking_id: str, payment_id: str, amount: int, currency: str
    ) -> EventResult:
        """Settle a booking whose payment succeeded.

        Raises:
            PaymentsUnavailable: The payment decides no booking and could not be refunded yet; let
                the event be delivered again.
        """
        booking = self._bookings.get(booking_id)
        if booking is None:
            return "unknown_booking"
        if (amount, currency.lower()) != (booking.amount, booking.currency):
            LOG.error("a payment of booking %s is not of its price", booking_id)
            return "other_amount"
        last = self._bookings.last_attempt(booking_id)
        if last is not None and last.result is None and last.payment_id in (None, payment_id):
            payment = Payment(payment_id, "succeeded", amount, booking.currency)
            self._settlement.record_result(booking, last, payment)
        else:
            self._settlement.settle(booking, payment_id)
        return "done"

    def payment_failed(
        self, *, booking_id: str, payment_id: str, amount: int, currency: str
    ) -> EventResult:
        """End the open attempt when the failed payment is known to be its own."""
        booking = self._bookings.get(booking_id)
        if booking is None:
            return "unknown_booking"
        last = self._bookings.last_attempt(booking_id)
        if last is None or last.result is not None or last.payment_id != payment_id:
            return "ignored"
        payment = Payment(payment_id, "declined", amount, currency)
        self._settlement.record_result(booking, last, payment)
        return "done"

    def payment_refunded(
        self, *, booking_id: str, payment_id: str, amount: int, currency: str
    ) -> EventResult:
        """Record a refund, by this service or made at the provider."""
        booking = self._bookings.get(booking_id)
        if booking is None:
            return "unknown_booking"
        if currency.lower() != booking.currency:
            return "other_amount"
        self._cancellations.record_provider_refund(booking, payment_id, amount, self._context.now())
        return "done"

    def refund_changed(
        self,
        *,
        booking_id: str | None,
        payment_id: str,
        refund_id: str,
        status: RefundStatus,
        amount: int,
        reason: str = "",
    ) -> EventResult:
        """Record the state of a refund, by this service or made at the provider."""
        if booking_id is not None and self._bookings.get(booking_id) is None:
            return "unknown_booking"
        is_known = self._refunds.change(booking_id, payment_id, refund_id, status, amount, reason)
        return "done" if is_known else "unknown_booking"

    def payment_disputed(
        self, *, booking_id: str | None, payment_id: str, status: str
    ) -> EventResult:
        """Log a dispute, which a person has to answer at the provider."""
        LOG.error(
            "payment %s is disputed (%s): answer it at the provider", payment_id, status or "open"
        )
        self._context.count("disputed")
        return "done"
