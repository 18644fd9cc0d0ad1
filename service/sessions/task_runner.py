"""Carries out the tasks that requests left behind; each may be carried out twice.

``README.md`` has the table of what a crash leaves and what becomes of it here.
"""

from datetime import timedelta

from service.sessions.cancellation import CancellationProcess
from service.sessions.context import LOG, BookingContext
from service.sessions.expiry import Expiry
from service.sessions.model import Booking, Cancellation, Task
from service.sessions.payment import PaymentProcess
from service.sessions.refunds import Refunds


class TaskRunner:
    """Carries out one task of any kind.

    Args:
        context: Repositories, provider, settings, clock and counter.
        payments: For ``pay``.
        expiry: For ``expire``.
        cancellations: For ``cancel``.
        refunds: For ``refund``.
    """

    def __init__(
        self,
        context: BookingContext,
        payments: PaymentProcess,
        expiry: Expiry,
        cancellations: CancellationProcess,
        refunds: Refunds,
    ) -> None:
        self._context = context
        self._payments = payments
        self._expiry = expiry
        self._cancellations = cancellations
        self._refunds = refunds
        self._bookings = context.repositories.bookings
        self._tasks = context.repositories.tasks

    def run(self, task: Task) -> None:
        """Carry out a task; it is removed when it is finished.

        Raises:
            BookingClosed: A payment succeeded after its booking had ended, and was refunded.
            PaymentsUnavailable: The provider has to be called again later.
            PaymentRefused: The provider rejected the request.
            pymongo.errors.PyMongoError: MongoDB cannot be used.
        """
        if task.kind == "expire":
            self._expiry.expire(task.booking_id)
            return
        booking = self._bookings.get(task.booking_id)
        if booking is None:
            self._tasks.remove(task.kind, task.subject)
        elif task.kind == "cancel":
            self._cancellations.carry_out(booking, Cancellation(**task.details))
        elif task.kind == "refund":
            self._refund(booking, task)
        else:
            self._pay(booking, task)

    def _pay(self, booking: Booking, task: Task) -> None:
        attempt = self._bookings.attempt(task.booking_id, task.details["number"])
        if attempt is None or not attempt.may_hold_money:
            self._tasks.remove("pay", task.subject)
        elif not self._payments.abandon(attempt):
            self._payments.complete(booking, attempt)

    def _refund(self, booking: Booking, task: Task) -> None:
        payment_id, amount = task.subject, task.details["amount"]
        # The provider rejects a refund of more than was paid; a part it may refund a second time
        # once it has forgotten the key.
        limit = timedelta(seconds=self._context.settings.payment_watch_seconds)
        too_old = self._context.now() - task.begun_at >= limit
        if too_old and amount < booking.amount and not self._bookings.refunds.get(payment_id):
            LOG.error(
                "whether a part of booking %s was refunded is unknown for good: "
                "check it at the provider",
                task.booking_id,
            )
            self._context.count("abandoned")
        else:
            self._refunds.refund(booking, payment_id, amount)
