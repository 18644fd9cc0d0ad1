"""A crash after any write of booking, paying, cancelling and recovering: afterwards money and
bookings agree, and nothing is left to do.
"""

from itertools import count

import pytest

from tests.service.sessions.provider import Crash, after_writes


@pytest.fixture
def crash_at_write(monkeypatch):
    """Let the process die right after its n-th write to the database from now on."""

    def arm(number: int):
        writes = count(1)
        after_writes(monkeypatch, lambda: next(writes) == number)

    return arm


def dies(call) -> bool:
    """Whether the process died in a call."""
    try:
        call()
    except Crash:
        return True
    return False


def until_it_survives(arm, monkeypatch, make, call, check) -> int:
    """Crash one fresh subject after another, each one write later, until one comes through; returns
    after how many.
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
    world, crash_at_write, monkeypatch
):
    def check(account_id):
        world.recover()
        assert world.book(account_id).status_code == 201
        world.recover()
        world.assert_money_agrees()
        assert world.tasks() == []
        world.starts_at = world.offer(
            world.starts_at.replace(year=world.starts_at.year + 1)
        ).starts_at

    survived = until_it_survives(
        crash_at_write,
        monkeypatch,
        lambda _: world.member,
        lambda member: world.book(member),
        check,
    )
    assert survived == 4  # the task, the sale, the booking


def test_a_crash_after_any_write_of_a_payment_leaves_a_session_that_is_paid(
    world, crash_at_write, monkeypatch
):
    starts = world.starts_at

    def make(number):
        return world.booked(
            starts_at=world.offer(starts.replace(year=starts.year + number)).starts_at
        )

    def check(session_id):
        world.clock.forward(seconds=61)
        world.recovery.run_pass()
        world.assert_money_agrees()
        again = world.pay(session_id, f"key-{session_id}")
        assert (again.status_code, again.get_json()["status"]) == (200, "paid")
        world.assert_money_agrees()
        assert world.tasks() == []
        assert world.kept.care.is_assigned(world.therapist, world.member)

    survived = until_it_survives(
        crash_at_write, monkeypatch, make, lambda one: world.pay(one, f"key-{one}"), check
    )
    assert survived > 8
    assert len(world.provider.payments) == survived


def test_a_crash_after_any_write_of_a_cancellation_leaves_the_money_given_back_once(
    world, crash_at_write, monkeypatch
):
    starts = world.starts_at

    def make(number):
        return world.paid(
            starts_at=world.offer(starts.replace(year=starts.year + number)).starts_at
        )

    def check(session_id):
        world.clock.forward(seconds=61)
        world.recovery.run_pass()
        world.assert_money_agrees()
        again = world.cancel(session_id, f"cancel-{session_id}")
        assert (again.status_code, again.get_json()["status"]) == (200, "refunded")
        world.assert_money_agrees()
        assert world.tasks() == []

    survived = until_it_survives(
        crash_at_write, monkeypatch, make, lambda one: world.cancel(one, f"cancel-{one}"), check
    )
    assert survived > 6
    assert world.provider.balance() == {f"pi_{number}": 0 for number in range(1, survived + 1)}


def test_a_crash_of_the_recovery_itself_is_recovered_from(world, crash_at_write, monkeypatch):
    starts = world.starts_at

    def make(number):
        session_id = world.booked(
            starts_at=world.offer(starts.replace(year=starts.year + number)).starts_at
        )
        world.provider.lost_answers = 1
        assert world.pay(session_id, f"key-{session_id}").status_code == 503
        world.clock.forward(seconds=61)
        return session_id

    def check(session_id):
        world.clock.forward(seconds=61)
        world.recovery.run_pass()
        assert (world.status(session_id), world.tasks()) == ("paid", [])
        world.assert_money_agrees()

    assert (
        until_it_survives(
            crash_at_write, monkeypatch, make, lambda _: world.recovery.run_pass(), check
        )
        >= 6
    )
