"""What Stripe's webhook brings: a signed body becomes one of our events, or nothing that concerns
us. What is done with it is not here.

Source: https://docs.stripe.com/webhooks, "Verify webhook signatures";
https://docs.stripe.com/api/events/types.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import stripe
from pydantic import BaseModel, Field, ValidationError


@dataclass(frozen=True, slots=True)
class PaymentSucceeded:
    """Money was taken; amounts are in the currency's smallest unit, currencies ISO 4217 in lower
    case.
    """

    booking_id: str
    payment_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """An attempt to take money came to nothing; see ``PaymentSucceeded``."""

    booking_id: str
    payment_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """Money was given back: ``amount`` of it so far, in all of its refunds; see
    ``PaymentSucceeded``.
    """

    booking_id: str
    payment_id: str
    amount: int
    currency: str


PaymentEvent = PaymentSucceeded | PaymentFailed | PaymentRefunded

PaymentEventHandler = Callable[[PaymentEvent], None]
"""Acts on an event. One that raises gets the event again, and so may one that was killed: acting
twice has to be acting once.
"""


class BadEvent(Exception):
    """A body that Stripe did not sign for us, did not sign lately, or that is no event. Its text
    holds nothing of the body.
    """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it was delivered.

    Args:
        event_id: The same each time that it is.
        event: ``None`` where it does not concern us: another type, or a payment that is no
            booking's.
    """

    event_id: str
    event: PaymentEvent | None


_BAD_SIGNATURE: Final = "The signature is not good, or no longer."

Text = Annotated[str, Field(min_length=1, max_length=255)]
Amount = Annotated[int, Field(ge=0)]


class _Data(BaseModel):
    object: dict[str, Any]


class _Event(BaseModel):
    id: Text
    type: str
    data: _Data


_OBJECT: Final = {
    "type": "object",
    "required": ["object"],
    "properties": {"object": {"type": "object"}},
}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["id", "type", "data"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 255},
        "type": {"type": "string"},
        "data": _OBJECT,
    },
}
"""An event as JSON Schema: what of it is looked at whatever its type. Stripe's own documentation
has the rest.
"""


class _Metadata(BaseModel):
    booking_id: Text | None = None


class _Intent(BaseModel):
    id: Text
    amount: Amount
    amount_received: Amount = 0
    currency: Text
    metadata: _Metadata = _Metadata()


class _Charge(BaseModel):
    payment_intent: Text | None = None
    amount_refunded: Amount
    currency: Text
    # Stripe copies the metadata of a payment to its charge.
    metadata: _Metadata = _Metadata()


def read(payload: bytes, signature: str, secret: str, tolerance_seconds: int) -> Delivery:
    """What a request to the webhook says.

    Args:
        payload: The body, untouched: it is what was signed.
        signature: Of ``Stripe-Signature``.
        secret: That the webhook's events are signed with.
        tolerance_seconds: How old the signature may be.

    Raises:
        BadEvent: It is not from Stripe, or too old, or no event.
    """
    if not signature.isascii():  # headers may hold any byte, and the library cannot compare these
        raise BadEvent(_BAD_SIGNATURE)
    try:
        event = stripe.Webhook.construct_event(payload, signature, secret, tolerance_seconds)
        told = _Event.model_validate(event.to_dict())
        return Delivery(
            told.id, _READERS[told.type](told.data.object) if told.type in _READERS else None
        )
    except stripe.SignatureVerificationError:
        raise BadEvent(_BAD_SIGNATURE) from None
    except (ValidationError, ValueError, AttributeError, RecursionError):
        raise BadEvent("The body is no event of Stripe.") from None


def _succeeded(told: Mapping[str, Any]) -> PaymentEvent | None:
    intent = _Intent.model_validate(told)
    booking_id = intent.metadata.booking_id
    return (
        PaymentSucceeded(booking_id, intent.id, intent.amount_received, intent.currency)
        if booking_id
        else None
    )


def _failed(told: Mapping[str, Any]) -> PaymentEvent | None:
    intent = _Intent.model_validate(told)
    booking_id = intent.metadata.booking_id
    return (
        PaymentFailed(booking_id, intent.id, intent.amount, intent.currency) if booking_id else None
    )


def _refunded(told: Mapping[str, Any]) -> PaymentEvent | None:
    charge = _Charge.model_validate(told)
    booking_id = charge.metadata.booking_id
    if not booking_id or not charge.payment_intent:
        return None
    return PaymentRefunded(
        booking_id, charge.payment_intent, charge.amount_refunded, charge.currency
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], PaymentEvent | None]]] = {
    "payment_intent.succeeded": _succeeded,
    "payment_intent.payment_failed": _failed,
    "charge.refunded": _refunded,
}
