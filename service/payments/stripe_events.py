"""Events of Stripe's webhook: verifies a signed body and reads it into a ``PaymentEvent``.

Source: https://docs.stripe.com/webhooks, "Verify webhook signatures";
https://docs.stripe.com/api/events/types.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import stripe
from pydantic import BaseModel, Field, ValidationError

from service.payments.model import PaymentEvent, PaymentFailed, PaymentRefunded, PaymentSucceeded

_INVALID_SIGNATURE: Final = "The signature is invalid or has expired."

Text = Annotated[str, Field(min_length=1, max_length=255)]
Amount = Annotated[int, Field(ge=0)]


class InvalidEvent(Exception):
    """A body without a valid, recent signature of Stripe, or one that is not an event.

    The text holds nothing of the body.
    """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it was delivered.

    Args:
        event_id: Stripe's id, the same in each delivery.
        event: ``None`` for other types of events, and for payments of no booking.
    """

    event_id: str
    event: PaymentEvent | None


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
"""JSON Schema of the members that every event has; Stripe's documentation describes the others."""


class _Data(BaseModel):
    object: dict[str, Any]


class _Event(BaseModel):
    id: Text
    type: str
    data: _Data


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
    """Verify and read a request to the webhook.

    Args:
        payload: The body, unchanged: the signature covers its bytes.
        signature: Value of ``Stripe-Signature``.
        secret: Signs the webhook's events.
        tolerance_seconds: Maximum age of the signature.

    Raises:
        InvalidEvent: The signature is invalid or too old, or the body is not an event.
    """
    if not signature.isascii():  # headers may hold any byte, and the library cannot compare these
        raise InvalidEvent(_INVALID_SIGNATURE)
    try:
        event = stripe.Webhook.construct_event(payload, signature, secret, tolerance_seconds)
        return _delivery(_Event.model_validate(event.to_dict()))
    except stripe.SignatureVerificationError:
        raise InvalidEvent(_INVALID_SIGNATURE) from None
    except (ValidationError, ValueError, AttributeError, RecursionError):
        raise InvalidEvent("The body is not a Stripe event.") from None


def _delivery(event: _Event) -> Delivery:
    reader = _READERS.get(event.type)
    return Delivery(event.id, reader(event.data.object) if reader else None)


def _succeeded(source: Mapping[str, Any]) -> PaymentEvent | None:
    intent = _Intent.model_validate(source)
    booking_id = intent.metadata.booking_id
    if not booking_id:
        return None
    return PaymentSucceeded(booking_id, intent.id, intent.amount_received, intent.currency)


def _failed(source: Mapping[str, Any]) -> PaymentEvent | None:
    intent = _Intent.model_validate(source)
    booking_id = intent.metadata.booking_id
    if not booking_id:
        return None
    return PaymentFailed(booking_id, intent.id, intent.amount, intent.currency)


def _refunded(source: Mapping[str, Any]) -> PaymentEvent | None:
    charge = _Charge.model_validate(source)
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
