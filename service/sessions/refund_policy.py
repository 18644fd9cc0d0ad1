"""What a member gets back who cancels: all, a part or nothing, by how long it is until the session."""

from datetime import datetime

from service.sessions.repository import Booking, Canceller
from service.sessions.settings import SessionSettings


def refund_amount(settings: SessionSettings, booking: Booking, by: Canceller, now: datetime) -> int:
    """What is paid back, in the currency's smallest unit.

    Args:
        settings: The rules.
        booking: Paid.
        by: Who cancels; whom the member cannot help gives all back.
        now: In UTC.
    """
    left_seconds = (booking.starts_at - now).total_seconds()
    if by != "member" or left_seconds >= settings.full_refund_seconds:
        return booking.amount
    if left_seconds >= settings.part_refund_seconds:
        return booking.amount * settings.part_refund_percent // 100
    return 0
