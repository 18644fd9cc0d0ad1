"""The interface of a payment provider."""

from typing import Protocol

from service.payments.model import Payment, Refund


class PaymentsUnavailable(Exception):
    """The provider did not respond in time.

    Whether it took the money is not known; repeat the call with the same key.
    """


class PaymentRefused(Exception):
    """The provider rejected the request and took no money.

    A mistake of this service, such as a key that was used for another request.
    """


class PaymentGateway(Protocol):
    """A payment provider.

    Calls with the same key have one effect; each call is a client span and counts as external time
    of its request.
    """

    def pay(self, *, amount: int, currency: str, method: str, booking_id: str, key: str) -> Payment:
        """Take money.

        Args:
            amount: In the currency's smallest unit.
            currency: ISO 4217, in lower case.
            method: The provider's token of a card or account.
            booking_id: Stored with the payment, so that a webhook finds the booking.
            key: Idempotency key.

        Raises:
            PaymentsUnavailable: No response; repeat the call with the same key.
            PaymentRefused: The provider rejected the request; no money moved.
        """

    def refund(self, *, payment_id: str, amount: int, key: str) -> Refund:
        """Pay money back, and return the refund, which may be pending for days.

        Args:
            payment_id: The provider's id of the payment.
            amount: In the currency's smallest unit.
            key: Idempotency key.

        Raises:
            PaymentsUnavailable: No response; repeat the call with the same key.
            PaymentRefused: The provider rejected the request; no money moved.
        """

    def find_refund(self, refund_id: str) -> Refund:
        """Return a refund in its current state.

        Raises:
            PaymentsUnavailable: No response.
            PaymentRefused: The provider rejected the request.
        """
