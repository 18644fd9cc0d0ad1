"""Compares the provider's money with the bookings."""

from service.sessions.model import BookingState
from tests.service.sessions.clinic import Clinic


def assert_money_agrees(clinic: Clinic) -> None:
    """Assert that nothing was taken twice or kept without a session, and no slot was sold twice."""
    bookings = clinic.room.repositories.bookings
    ids = [found["_id"] for found in clinic.database["bookings"].find()]
    states = [bookings.state_of(bookings.get(booking_id)) for booking_id in ids]
    held = [
        (state.booking.therapist_id, state.booking.starts_at)
        for state in states
        if state.status in ("paid", "pending_payment")
    ]
    balance = clinic.provider.balance().items()
    assert {payment_id: left for payment_id, left in balance if left} == _expected(states)
    assert len(set(held)) == len(held)


def _expected(states: list[BookingState]) -> dict[str, int]:
    expected = {}
    for state in states:
        if state.outcome and state.outcome.kind == "paid":
            refund = state.cancellation.refund_amount if state.cancellation else 0
            if state.booking.amount > refund:
                expected[state.outcome.payment_id] = state.booking.amount - refund
    return expected
