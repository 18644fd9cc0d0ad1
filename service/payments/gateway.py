"""What the rest of the service asks of a payment provider, and what it gets; amounts are integers
in the currency's smallest unit.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

PaymentStatus = Literal["succeeded", "declined", "action_required", "processing"]


class PaymentsUnavailable(Exception):
    """The provider did not answer, or not in time; whether it took the money is not known. Ask
    again with the same key.
    """


class PaymentRefused(Exception):
    """The provider does not take what we ask for, and took no money: a mistake of ours, such as a
    key that was used for something else.
    """


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment, as the provider told it.

    Args:
        payment_id: The provider's name of it.
        status: How it stands.
        amount: In the currency's smallest unit.
        currency: ISO 4217, in lower case.
        client_secret: With it the payer's device does what is asked of the payer; only of one that
            is ``action_required``.
    """

    payment_id: str
    status: PaymentStatus
    amount: int
    currency: str
    client_secret: str = field(default="", repr=False)


class Payments(Protocol):
    """A payment provider. Every call with the same key is one call; each is a client span and a
    wait of its request.
    """

    def pay(self, *, amount: int, currency: str, method: str, booking_id: str, key: str) -> Payment:
        """Take money.

        Args:
            amount: In the currency's smallest unit.
            currency: ISO 4217, in lower case.
            method: The provider's token of a card or account.
            booking_id: Kept with the payment, so that a webhook finds the booking.
            key: Idempotency key.

        Raises:
            PaymentsUnavailable: No answer; ask again with the same key.
        """

    def refund(self, *, payment_id: str, amount: int, key: str) -> str:
        """Give money back, and return the provider's name of the refund.

        Raises:
            PaymentsUnavailable: No answer; ask again with the same key.
        """
