"""Events as Stripe writes and signs them."""

import json
import time
from typing import Any
from uuid import uuid4

import stripe
from flask.testing import FlaskClient

WEBHOOK = "/api/v1/payments/webhook"
SECRET = "whsec_only-for-development-never-in-production"
RECEIVED = (200, "application/json", "")
BAD_SIGNATURE = (400, "application/problem+json", "The signature is invalid or has expired.")
NOT_AN_EVENT = (400, "application/problem+json", "The body is not a Stripe event.")


def event(
    kind: str = "payment_intent.succeeded", event_id: str = "", **changes: Any
) -> dict[str, Any]:
    """Return an event about a payment of a booking; ``changes`` apply to the payment or charge."""
    subject = {
        "object": "payment_intent",
        "id": "pi_1",
        "amount": 9000,
        "amount_received": 8000,
        "currency": "eur",
    }
    if kind.startswith("charge."):
        subject = {
            "object": "charge",
            "id": "ch_1",
            "payment_intent": "pi_1",
            "amount": 9000,
            "amount_refunded": 4500,
            "currency": "eur",
        }
    subject |= {"metadata": {"booking_id": "booking-1"}} | changes
    return {
        "id": event_id or f"evt_{uuid4().hex}",
        "object": "event",
        "type": kind,
        "livemode": False,
        "data": {"object": subject},
    }


def signature(body: bytes, secret: str = SECRET, *, age_seconds: float = 0.0) -> str:
    """Return the header, by Stripe's own library."""
    return str(
        stripe.WebhookSignature.generate_signature_header(
            body.decode(), secret, timestamp=int(time.time() - age_seconds)
        )
    )


def deliver(client: FlaskClient, sent: Any, **headers: str) -> Any:
    """Send an event, or any bytes, with a valid signature unless the headers replace it."""
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return client.post(
        WEBHOOK,
        data=body,
        headers={"Stripe-Signature": headers.get("Stripe-Signature") or signature(body)}
        | {"Content-Type": "application/json"}
        | headers,
    )


def summary(response: Any) -> tuple[int, str, str]:
    """Return status, media type and, of a problem, the detail."""
    return (
        response.status_code,
        response.content_type,
        response.get_json(force=True).get("detail", ""),
    )
