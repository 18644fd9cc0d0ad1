"""Events of the payment provider, signed as it signs them, for what sends load.

Source: Stripe, "Verify webhook signatures manually".
"""

import hashlib
import hmac
import json
import time
import uuid


def new_event() -> bytes:
    """Return an event of a payment that failed, of a booking that is not here."""
    intent = {
        "id": f"pi_{uuid.uuid4().hex}",
        "amount": 9000,
        "currency": "eur",
        "metadata": {"booking_id": str(uuid.uuid4())},
    }
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "payment_intent.payment_failed",
        "data": {"object": intent},
    }
    return json.dumps(event).encode()


def signed_headers(event: bytes, secret: str) -> dict[str, str]:
    """Return the headers of an event.

    Args:
        event: Its body.
        secret: Shared with the provider; another one makes a forged event.
    """
    now = int(time.time())
    signature = hmac.new(secret.encode(), f"{now}.".encode() + event, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={now},v1={signature}", "Content-Type": "application/json"}
