"""The refund rules: the whole price, a part or nothing, by the time left until the session.

The rule and its text for clients are here; its times and its percentage are settings
(``BOOKING_FULL_REFUND_SECONDS`` and the two below it in ``settings.py``).
"""

from datetime import datetime
from typing import Final

from service.sessions.model import Booking, Canceller
from service.sessions.settings import SessionSettings

TEXT: Final = (
    "What the cancellation pays back: the whole price when the therapist cancels or the member "
    "cancels early enough, a part of it when the member cancels later, and nothing shortly before "
    "the session."
)
"""Clients read it in the API's documentation."""


def refund_amount(settings: SessionSettings, booking: Booking, by: Canceller, now: datetime) -> int:
    """Return what a cancellation pays back, in the currency's smallest unit.

    Args:
        settings: The times and the percentage.
        booking: Paid.
        by: Anyone but the member causes a refund of the whole price.
        now: In UTC.
    """
    left_seconds = (booking.starts_at - now).total_seconds()
    if by != "member" or left_seconds >= settings.full_refund_seconds:
        return booking.amount
    if left_seconds >= settings.part_refund_seconds:
        return booking.amount * settings.part_refund_percent // 100
    return 0
