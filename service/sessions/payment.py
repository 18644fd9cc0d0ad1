"""Money of bookings: taken once, and given back where there is nothing for it.

The provider's key is made of the booking and the number of the attempt, and a further attempt
begins only once the one before has failed for good; so however often a payment is asked for, and by
whom, it is one. A payment that is not the one that decided the booking is given back whole.
"""

from datetime import timedelta

from service.payments.gateway import Payment, PaymentRefused
from service.sessions.context import LOG, Closed, Parts
from service.sessions.repository import Attempt, Booking, Outcome, attempt_name

MOST_ATTEMPTS = 10
"""Of one booking: nobody tries out stolen cards on a slot."""

TOO_MANY = "Too many payments of this session were declined; book another one."
GIVEN_BACK = "The booking was over when the payment came; the money is given back."
OVER = "The booking is over."


class Paying:
    """Takes money for bookings and gives it back.

    Args:
        parts: What it works with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._bookings, self._tasks = parts.sessions.bookings, parts.sessions.tasks

    def pay(self, booking: Booking, method: str) -> Payment:
        """Pay a booking that nobody has decided on. A payment under way is brought to its end
        first; only if it failed a new one begins.

        Raises:
            Closed: It was decided in the meantime, or too many attempts failed.
            PaymentsUnavailable: Whether money was taken is not known.
            PaymentRefused: We asked for what cannot be; no money was taken.
        """
        while True:
            last = self._bookings.last_attempt(booking.booking_id)
            if last is not None and last.result in (None, "succeeded"):
                payment = self.ask(booking, last)
                if payment.status != "declined":
                    return payment
            number = last.number + 1 if last else 1
            if number > MOST_ATTEMPTS:
                raise Closed(TOO_MANY)
            if begun := self._begin(booking, number, method):
                return self.ask(booking, begun)

    def ask(self, booking: Booking, attempt: Attempt) -> Payment:
        """Have an attempt made, or ask how it went: to the provider it is one call.

        Raises:
            Closed: It succeeded, but the booking is over; the money was given back.
            PaymentsUnavailable: Not known.
            PaymentRefused: We asked for what cannot be; no money was taken.
        """
        if attempt.result == "succeeded" and attempt.payment_id is not None:
            payment = Payment(attempt.payment_id, "succeeded", booking.amount, booking.currency)
        else:
            payment = self._call(booking, attempt)
        if not self.learn(booking, attempt.number, payment):
            raise Closed(GIVEN_BACK)
        return payment

    def learn(self, booking: Booking, number: int, payment: Payment) -> bool:
        """Take note of how an attempt stands.

        Returns:
            False when it succeeded for nothing, and the money was given back.
        """
        name = attempt_name(booking.booking_id, number)
        if payment.status in ("action_required", "processing"):
            self._bookings.payment_names.record(name, payment_id=payment.payment_id)
            self._parts.count(payment.status)
            return True
        if (
            self._bookings.results.record(
                name, status=payment.status, payment_id=payment.payment_id
            )
            and payment.status == "declined"
        ):
            self._parts.count("declined")
        kept = payment.status != "succeeded" or self.settle(booking, payment.payment_id)
        self._tasks.remove("pay", name)
        return kept

    def settle(self, booking: Booking, payment_id: str) -> bool:
        """Decide on a booking whose payment succeeded; as often as one likes.

        Returns:
            Whether it is paid by this payment; if not, the money was given back.

        Raises:
            PaymentsUnavailable: It could not be given back yet; the task is written down.
        """
        won = self._bookings.decide(
            booking.booking_id, Outcome("paid", self._parts.now(), payment_id)
        )
        outcome = self._bookings.outcome(booking.booking_id)
        if outcome is None or (outcome.kind, outcome.payment_id) != ("paid", payment_id):
            self._parts.count("surplus")
            self.refund(booking, payment_id, booking.amount)
            return False
        if won:
            self._parts.count("paid")
        self._parts.sessions.care.begin(booking.therapist_id, booking.member_id)
        self._tasks.remove("expire", booking.booking_id)
        return True

    def refund(self, booking: Booking, payment_id: str, amount: int) -> None:
        """Give money back, once.

        Raises:
            PaymentsUnavailable: Not yet; the task is written down.
        """
        if self._bookings.refunds.get(payment_id) is None:
            self._parts.write_down("refund", payment_id, booking.booking_id, amount=amount)
            refund_id = self._parts.payments.refund(
                payment_id=payment_id, amount=amount, key=f"refund:{payment_id}"
            )
            self.refunded(booking, payment_id, amount, refund_id)
        self._tasks.remove("refund", payment_id)

    def refunded(
        self, booking: Booking, payment_id: str, amount: int, refund_id: str | None = None
    ) -> None:
        """Take note that money was given back."""
        fields = {
            "booking_id": booking.booking_id,
            "amount": amount,
            "refund_id": refund_id,
            "at": self._parts.now(),
        }
        if self._bookings.refunds.record(payment_id, **fields):
            self._parts.count("refunded")

    def abandon(self, booking_id: str, attempt: Attempt) -> bool:
        """Stop asking about an attempt so old that the provider may have forgotten its key, and
        would take money anew.

        Returns:
            Whether it is that old.
        """
        limit = timedelta(seconds=self._parts.settings.payment_watch_seconds)
        if self._parts.now() - attempt.begun_at < limit:
            return False
        name = attempt_name(booking_id, attempt.number)
        if self._bookings.results.record(name, status="abandoned", payment_id=attempt.payment_id):
            LOG.error("how payment %s ended was never learnt: look it up at the provider", name)
            self._parts.count("abandoned")
        self._tasks.remove("pay", name)
        return True

    def _call(self, booking: Booking, attempt: Attempt) -> Payment:
        name = attempt_name(booking.booking_id, attempt.number)
        try:
            return self._parts.payments.pay(
                amount=booking.amount,
                currency=booking.currency,
                method=attempt.method,
                booking_id=booking.booking_id,
                key=f"pay:{name}",
            )
        except PaymentRefused as error:
            # It will be refused as often as it is asked for.
            LOG.error("payment %s is refused by the provider: %s", name, error)
            self._bookings.results.record(name, status="declined", payment_id=None)
            self._tasks.remove("pay", name)
            raise

    def _begin(self, booking: Booking, number: int, method: str) -> Attempt | None:
        name, begun_at = attempt_name(booking.booking_id, number), self._parts.now()
        self._parts.write_down("pay", name, booking.booking_id, number=number)
        if not self._bookings.attempts.record(name, method=method, begun_at=begun_at):
            return None
        # Whoever ends a booking looks for attempts after that: one of the two sees the other.
        if self._bookings.outcome(booking.booking_id) is not None:
            self._bookings.results.record(name, status="declined", payment_id=None)
            self._tasks.remove("pay", name)
            raise Closed(OVER)
        return Attempt(number, method, begun_at)
