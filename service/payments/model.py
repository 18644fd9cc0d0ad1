"""Payments and what the provider reports about them, as frozen values.

Amounts are integers in the currency's smallest unit, currencies are ISO 4217 in lower case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

PaymentStatus = Literal["succeeded", "declined", "action_required", "processing"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment at the provider.

    Args:
        payment_id: The provider's id.
        status: Its state.
        client_secret: With it the payer's device completes the payment; only of one that is
            ``action_required``.
    """

    payment_id: str
    status: PaymentStatus
    amount: int
    currency: str
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PaymentSucceeded:
    """Money was taken."""

    booking_id: str
    payment_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """An attempt to take money failed."""

    booking_id: str
    payment_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """Money was paid back.

    Args:
        amount: The sum of all refunds of the payment so far.
    """

    booking_id: str
    payment_id: str
    amount: int
    currency: str


PaymentEvent = PaymentSucceeded | PaymentFailed | PaymentRefunded

PaymentEventHandler = Callable[[PaymentEvent], None]
"""Handles an event. After an exception or a kill it gets the event again, so a second call with it
must change nothing.
"""
