"""Events of Stripe's webhook: verifies a signed body and reads it into a ``PaymentEvent``.

Source: https://docs.stripe.com/webhooks, "Verify webhook signatures";
https://docs.stripe.com/api/events/types.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import stripe
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from service.payments.model import (
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    RefundChanged,
)
from service.payments.stripe_gateway import refund_status

EVENT: Final = "event"
"""``object`` of an event that holds its object; "thin" events have ``v2.core.event``."""

_INVALID_SIGNATURE: Final = "The signature is invalid or has expired."

Text = Annotated[str, Field(min_length=1, max_length=255)]
Amount = Annotated[int, Field(ge=0, le=2**53)]


class InvalidEvent(Exception):
    """A body without a valid, recent signature of Stripe, or one that is not an event.

    The text holds nothing of the body.
    """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it was delivered.

    Args:
        event_id: Stripe's id, the same in each delivery.
        event: ``None`` for other types of events, for payments of no booking, for events of other
            accounts or of the other mode (live or test), and for "thin" events of Stripe's API v2,
            which hold no object.
    """

    event_id: str
    event: PaymentEvent | None


_OBJECT: Final = {
    "type": "object",
    "required": ["object"],
    "properties": {"object": {"type": "object"}},
}
# ``event``, or ``v2.core.event`` of thin events.
_EVENT_OBJECT: Final = "event$"
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 255},
        "object": {"type": "string", "pattern": _EVENT_OBJECT, "default": "event"},
        "type": {"type": "string"},
        "data": _OBJECT,
    },
}
"""JSON Schema of the members that every event has; Stripe's documentation describes the others."""


class _Data(BaseModel):
    object: dict[str, Any]


class _Event(BaseModel):
    id: Text
    object: Annotated[str, Field(pattern=_EVENT_OBJECT)] = EVENT
    type: str
    # Only events that are read need the right form of these.
    livemode: Any = None
    account: Any = None
    data: Any = None


class _Metadata(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    booking_id: Annotated[str, Field(max_length=255)] | None = None


def _metadata(value: Any) -> Any:
    return value or {}


def _id(value: Any) -> Any:
    # An object that the account's API version, or the endpoint, expands in place of its id.
    return value.get("id") if isinstance(value, dict) else value


Metadata = Annotated[_Metadata, BeforeValidator(_metadata)]
Id = Annotated[Text | None, BeforeValidator(_id)]


class _Intent(BaseModel):
    id: Text
    amount: Amount
    amount_received: Amount | None = None
    currency: Text
    metadata: Metadata = _Metadata()


class _Charge(BaseModel):
    payment_intent: Id = None
    amount_refunded: Amount
    currency: Text
    # Stripe copies the metadata of a payment to its charge.
    metadata: Metadata = _Metadata()


class _Refund(BaseModel):
    id: Text
    payment_intent: Id = None
    amount: Amount
    status: Text | None = None
    failure_reason: str | None = None
    metadata: Metadata = _Metadata()


class _Dispute(BaseModel):
    payment_intent: Id = None
    status: Text = "unknown"
    metadata: Metadata = _Metadata()


def read(
    payload: bytes,
    signature: str,
    secret: str,
    tolerance_seconds: int,
    *,
    is_live: bool = False,
    unix_time: Callable[[], float] = time.time,
) -> Delivery:
    """Verify and read a request to the webhook.

    Args:
        payload: The body, unchanged: the signature covers its bytes.
        signature: Value of ``Stripe-Signature``.
        secret: Signs the webhook's events.
        tolerance_seconds: Maximum age of the signature, and how far it may be ahead of the clock.
        is_live: Whether the service works with real money; events of the other mode are ignored.
        unix_time: Seconds since the epoch.

    Raises:
        InvalidEvent: The signature is invalid or too old, or the body is not an event.
    """
    if not signature.isascii():  # headers may hold any byte, and the library cannot compare these
        raise InvalidEvent(_INVALID_SIGNATURE)
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, tolerance_seconds)
        if _signed_at(signature) > unix_time() + tolerance_seconds:
            raise InvalidEvent(_INVALID_SIGNATURE)
        return _delivery(_Event.model_validate(json.loads(payload)), is_live=is_live)
    except stripe.SignatureVerificationError:
        raise InvalidEvent(_INVALID_SIGNATURE) from None
    except (ValidationError, ValueError, AttributeError, RecursionError):
        raise InvalidEvent("The body is not a Stripe event.") from None


def _signed_at(signature: str) -> int:
    return int(next(part for part in signature.split(",") if part.startswith("t="))[2:])


def _delivery(event: _Event, *, is_live: bool) -> Delivery:
    reader = _READERS.get(event.type)
    # Events of other accounts come to the webhooks of platforms, test events to live ones too.
    is_foreign = bool(event.account) or event.livemode not in (None, is_live)
    if event.object != EVENT or reader is None or is_foreign:
        return Delivery(event.id, None)
    return Delivery(event.id, reader(_Data.model_validate(event.data).object))


def _succeeded(source: Mapping[str, Any]) -> PaymentEvent | None:
    intent = _Intent.model_validate(source)
    booking_id = intent.metadata.booking_id
    if not booking_id:
        return None
    received = intent.amount if intent.amount_received is None else intent.amount_received
    return PaymentSucceeded(booking_id, intent.id, received, intent.currency)


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


def _refund_changed(source: Mapping[str, Any]) -> PaymentEvent | None:
    refund = _Refund.model_validate(source)
    if not refund.payment_intent:
        return None
    return RefundChanged(
        refund.metadata.booking_id or None,
        refund.payment_intent,
        refund.id,
        refund_status(refund.status),
        refund.amount,
        _word(refund.failure_reason),
    )


def _disputed(source: Mapping[str, Any]) -> PaymentEvent | None:
    dispute = _Dispute.model_validate(source)
    if not dispute.payment_intent:
        return None
    booking_id = dispute.metadata.booking_id or None
    return PaymentDisputed(booking_id, dispute.payment_intent, _word(dispute.status))


def _word(value: str | None) -> str:
    """Return a word of Stripe's lists as it is, and any other text as ``other``."""
    if not value:
        return ""
    return value if _WORD.fullmatch(value) else "other"


_WORD: Final = re.compile(r"[a-z_]{1,64}", re.ASCII)
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], PaymentEvent | None]]] = {
    "payment_intent.succeeded": _succeeded,
    "payment_intent.payment_failed": _failed,
    "payment_intent.canceled": _failed,
    "charge.refunded": _refunded,
    "refund.created": _refund_changed,
    "refund.updated": _refund_changed,
    "refund.failed": _refund_changed,
    "charge.refund.updated": _refund_changed,
    "charge.dispute.created": _disputed,
    "charge.dispute.closed": _disputed,
    "charge.dispute.funds_withdrawn": _disputed,
    "charge.dispute.funds_reinstated": _disputed,
}
