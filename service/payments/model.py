"""Payments and what the provider reports about them, as frozen values.

Amounts are integers in the currency's smallest unit, currencies are ISO 4217 in lower case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

PaymentStatus = Literal["succeeded", "declined", "action_required", "processing"]
RefundStatus = Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
"""State of a refund at the provider. ``failed`` and ``canceled`` are final: the money is not paid
back. ``succeeded`` may still become ``failed``, when the bank returns the money.
"""


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
class Refund:
    """One refund at the provider.

    Args:
        refund_id: The provider's id.
        status: Its state.
    """

    refund_id: str
    status: RefundStatus
    amount: int


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


@dataclass(frozen=True, slots=True)
class RefundChanged:
    """A refund was made, or its state changed.

    Args:
        booking_id: ``None`` for a refund that was not made by this service.
        amount: Of this refund.
        reason: Why it failed, as the provider's word; empty otherwise.
    """

    booking_id: str | None
    payment_id: str
    refund_id: str
    status: RefundStatus
    amount: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PaymentDisputed:
    """The payer's bank disputes a payment, or has decided a dispute.

    Args:
        status: The provider's word for its state.
    """

    booking_id: str | None
    payment_id: str
    status: str


PaymentEvent = PaymentSucceeded | PaymentFailed | PaymentRefunded | RefundChanged | PaymentDisputed

PaymentEventHandler = Callable[[PaymentEvent], None]
"""Handles an event. After an exception or a kill it gets the event again, so a second call with it
must change nothing.
"""
