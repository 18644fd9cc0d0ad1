"""A crash after any write of booking, paying, cancelling and recovering.

Afterwards money and bookings agree, and no task is left.
"""

from itertools import count

import pytest

from tests.service.sessions.ledger import assert_money_agrees
from tests.service.sessions.provider import Crash, after_writes


@pytest.fixture
def crash_at_write(monkeypatch):
    """Let the process die right after its n-th write to the database from now on."""

    def arm(number: int):
        writes = count(1)
        after_writes(monkeypatch, lambda: next(writes) == number)

    return arm


def dies(call) -> bool:
    """Return whether the process died in a call."""
    try:
        call()
    except Crash:
        return True
    return False


def until_it_survives(arm, monkeypatch, make, call, check) -> int:
    """Crash one fresh subject after another, each one write later, until one survives.

    Returns:
        How many subjects that took.
    """
    for number in count(1):
        subject = make(number)
        arm(number)
        died = dies(lambda subject=subject: call(subject))
        monkeypatch.undo()
        check(subject)
        if not died:
            return number
    raise AssertionError


def test_a_crash_after_any_write_of_a_booking_leaves_a_slot_that_is_free_in_the_end(
    clinic, api, crash_at_write, monkeypatch
):
    def check(account_id):
        clinic.recover()
        assert api.book(account_id).status_code == 201
        clinic.recover()
        assert_money_agrees(clinic)
        assert clinic.tasks() == []
        clinic.starts_at = clinic.offer(
            clinic.starts_at.replace(year=clinic.starts_at.year + 1)
        ).starts_at

    survived = until_it_survives(
        crash_at_write,
        monkeypatch,
        lambda _: clinic.member,
        api.book,
        check,
    )
    assert survived == 4  # the task, the sale, the booking


def test_a_crash_after_any_write_of_a_payment_leaves_a_session_that_is_paid(
    clinic, api, crash_at_write, monkeypatch
):
    starts = clinic.starts_at

    def make(number):
        return api.booked(
            starts_at=clinic.offer(starts.replace(year=starts.year + number)).starts_at
        )

    def check(session_id):
        clinic.clock.forward(seconds=61)
        clinic.room.recovery.run_pass()
        assert_money_agrees(clinic)
        again = api.pay(session_id, f"key-{session_id}")
        assert (again.status_code, again.get_json()["status"]) == (200, "paid")
        assert_money_agrees(clinic)
        assert clinic.tasks() == []
        assert clinic.room.repositories.care.is_assigned(clinic.therapist, clinic.member)

    survived = until_it_survives(
        crash_at_write, monkeypatch, make, lambda one: api.pay(one, f"key-{one}"), check
    )
    assert survived > 8
    assert len(clinic.provider.payments) == survived


def test_a_crash_after_any_write_of_a_cancellation_leaves_the_money_given_back_once(
    clinic, api, crash_at_write, monkeypatch
):
    starts = clinic.starts_at

    def make(number):
        return api.paid(starts_at=clinic.offer(starts.replace(year=starts.year + number)).starts_at)

    def check(session_id):
        clinic.clock.forward(seconds=61)
        clinic.room.recovery.run_pass()
        assert_money_agrees(clinic)
        again = api.cancel(session_id, f"cancel-{session_id}")
        assert (again.status_code, again.get_json()["status"]) == (200, "refunded")
        assert_money_agrees(clinic)
        assert clinic.tasks() == []

    survived = until_it_survives(
        crash_at_write, monkeypatch, make, lambda one: api.cancel(one, f"cancel-{one}"), check
    )
    assert survived > 6
    assert clinic.provider.balance() == {f"pi_{number}": 0 for number in range(1, survived + 1)}


def test_a_crash_of_the_recovery_itself_is_recovered_from(clinic, api, crash_at_write, monkeypatch):
    starts = clinic.starts_at

    def make(number):
        session_id = api.booked(
            starts_at=clinic.offer(starts.replace(year=starts.year + number)).starts_at
        )
        clinic.provider.lost_responses = 1
        assert api.pay(session_id, f"key-{session_id}").status_code == 503
        clinic.clock.forward(seconds=61)
        return session_id

    def check(session_id):
        clinic.clock.forward(seconds=61)
        clinic.room.recovery.run_pass()
        assert (clinic.status(session_id), clinic.tasks()) == ("paid", [])
        assert_money_agrees(clinic)

    assert (
        until_it_survives(
            crash_at_write, monkeypatch, make, lambda _: clinic.room.recovery.run_pass(), check
        )
        >= 6
    )
