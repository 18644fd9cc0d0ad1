"""Values of the room of sessions, with defaults for what a test does not care about."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from service.sessions.model import Slot, Therapist

PRICE = 9001
CURRENCY = "eur"
SESSION_LENGTH = timedelta(seconds=3000)


def new_therapist(therapist_id: str = "", **changes: Any) -> Therapist:
    """Return a profile."""
    fields: dict[str, Any] = {
        "name": "Grace Hopper",
        "title": "Psychologist",
        "languages": ("en", "de"),
        "specialties": ("sleep",),
        "amount": PRICE,
        "currency": CURRENCY,
        "bio": "",
    }
    return Therapist(therapist_id or str(uuid4()), **fields | changes)


def new_slot(therapist_id: str, starts_at: datetime) -> Slot:
    """Return a slot."""
    return Slot(therapist_id, starts_at, starts_at + SESSION_LENGTH, PRICE, CURRENCY)
