"""Cancelling: who gets back how much, once, and what the slot and the webhook have to do with it."""

from datetime import timedelta

import gevent
import pytest

from service.payments.gateway import PaymentRefused
from service.sessions.refund_policy import refund_amount
from service.sessions.settings import SessionSettings
from tests.service.sessions.conftest import problem

DAY, TWO_HOURS = timedelta(hours=24), timedelta(hours=2)
MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("by", "before", "back"),
    [
        ("member", DAY, 9001),
        ("member", DAY - MOMENT, 4500),
        ("member", TWO_HOURS, 4500),
        ("member", TWO_HOURS - MOMENT, 0),
        ("member", MOMENT, 0),
        ("therapist", MOMENT, 9001),
    ],
)
def test_what_is_paid_back_depends_on_who_cancels_and_when(world, by, before, back):
    session_id = world.paid()
    world.clock.now = world.starts_at - before
    response = world.cancel(
        session_id, account_id=world.member if by == "member" else world.therapist
    )

    body = response.get_json()
    assert (response.status_code, body["status"]) == (200, "refunded" if back else "cancelled")
    assert body["refund"] == ({"amount": back, "status": "done"} if back else None)
    assert world.provider.balance() == {"pi_1": 9001 - back}
    assert world.tasks() == []
    world.assert_money_agrees()
    assert world.book(world.other).status_code == 201  # the slot lies ahead, so it is free again


def test_rules_are_settings(world):
    session_id = world.paid()
    rules = {
        "BOOKING_FULL_REFUND_SECONDS": "60",
        "BOOKING_PART_REFUND_SECONDS": "30",
        "BOOKING_PART_REFUND_PERCENT": "10",
    }
    settings = SessionSettings.from_env(rules)
    booking = world.kept.bookings.get(session_id)
    amounts = [
        refund_amount(settings, booking, "member", booking.starts_at - timedelta(seconds=left))
        for left in (60, 59, 30, 29)
    ]
    assert amounts == [9001, 900, 900, 0]


def test_a_session_that_has_begun_cannot_be_cancelled(world):
    session_id = world.paid()
    world.clock.now = world.starts_at
    expected = (409, "about:blank", "The session has begun and can no longer be cancelled.")
    assert problem(world.cancel(session_id)) == expected
    assert problem(world.cancel(session_id, account_id=world.therapist)) == expected
    assert world.status(session_id) == "paid"


def test_cancelled_many_times_at_once_it_is_paid_back_once(world):
    session_id = world.paid()
    world.provider.latency_seconds = 0.1
    who = (world.member, world.therapist)
    calls = [
        gevent.spawn(world.cancel, session_id, f"key-{number}", who[number % 2])
        for number in range(10)
    ]
    gevent.joinall(calls, raise_error=True)
    assert {(call.value.status_code, call.value.get_json()["status"]) for call in calls} == {
        (200, "refunded")
    }
    assert list(world.provider.refunds.values()) == [("pi_1", 9001)]
    assert (world.results()["cancelled"], world.results()["refunded"], world.tasks()) == (
        1.0,
        1.0,
        [],
    )


def test_the_same_key_has_the_same_answer(world):
    session_id = world.paid()
    first, second = world.cancel(session_id), world.cancel(session_id)
    assert (first.data, second.headers["Idempotency-Replayed"]) == (second.data, "true")
    # A key of a payment is not one of a cancellation.
    assert world.cancel(world.paid(), key=f"paid-{session_id}").status_code == 200


def test_money_follows_when_the_provider_is_not_there_at_the_moment(world):
    session_id = world.paid()
    world.provider.lost_answers = 1
    body = world.cancel(session_id).get_json()
    assert (body["status"], body["refund"]) == ("cancelled", {"amount": 9001, "status": "pending"})
    assert world.tasks() == ["refund:pi_1"]

    world.clock.forward(seconds=61)
    assert world.recovery.run_pass() == 1
    body = world.get(f"/sessions/{session_id}", world.member).get_json()
    assert (body["status"], body["refund"]) == ("refunded", {"amount": 9001, "status": "done"})
    assert list(world.provider.refunds.values()) == [("pi_1", 9001)]


def test_a_refund_that_the_provider_does_not_take_is_tried_again(world, monkeypatch, caplog):
    session_id = world.paid()

    def refuse(**given):
        raise PaymentRefused("balance_insufficient")

    monkeypatch.setattr(world.provider, "refund", refuse)
    assert world.cancel(session_id).get_json()["refund"]["status"] == "pending"
    assert f"the refund of booking {session_id} has to wait: PaymentRefused" in caplog.messages
    world.clock.forward(seconds=61)
    world.recovery.run_pass()
    monkeypatch.undo()
    world.recover()
    assert (world.status(session_id), world.tasks()) == ("refunded", [])


def test_a_part_is_not_paid_back_twice_when_the_provider_may_have_forgotten_the_key(world):
    session_id = world.paid()
    world.clock.now = world.starts_at - TWO_HOURS
    world.provider.lost_answers = 10**6
    world.cancel(session_id)
    world.clock.forward(seconds=world.settings.payment_watch_seconds)
    calls = len(world.provider.calls)
    world.recovery.run_pass()
    assert (len(world.provider.calls), world.tasks()) == (calls, ["refund:pi_1"])
    assert world.results()["abandoned"] == 1.0


def test_a_booking_that_is_not_paid_is_cancelled_without_the_provider(world):
    session_id = world.booked()
    body = world.cancel(session_id).get_json()
    assert (body["status"], body["refund"], body["cancelled_at"] is not None) == (
        "cancelled",
        None,
        True,
    )
    assert world.cancel(session_id, "key-2").get_json() == body
    assert world.provider.calls == []
    assert world.book(world.other).status_code == 201
    world.recover()
    assert world.tasks() == []


def test_an_expired_booking_cannot_be_cancelled(world):
    session_id = world.booked()
    world.clock.forward(seconds=901)
    world.recovery.run_pass()
    assert problem(world.cancel(session_id))[0] == 409


def test_a_payment_and_a_cancellation_at_once_agree_in_the_end(world):
    for number in range(6):
        session_id = world.booked(
            starts_at=world.offer(world.starts_at.replace(hour=number)).starts_at
        )
        world.provider.latency_seconds = 0.005 * number
        calls = [
            gevent.spawn(world.pay, session_id, f"pay-{number}"),
            gevent.spawn(world.cancel, session_id, f"cancel-{number}"),
        ]
        gevent.joinall(calls, raise_error=True)
        assert {call.value.status_code for call in calls} <= {200, 409}
    world.recover()
    assert world.tasks() == []
    world.assert_money_agrees()
    assert set(world.provider.balance().values()) <= {0}


def event(session_id, **changes):
    return {
        "booking_id": session_id,
        "payment_id": "pi_1",
        "amount": 9001,
        "currency": "eur",
    } | changes


def test_money_given_back_at_the_provider_cancels_the_session(world):
    session_id = world.paid()
    assert world.payment_events.payment_refunded(**event(session_id, amount=100)) == "done"
    assert world.status(session_id) == "paid"
    world.provider.refund(payment_id="pi_1", amount=9001, key="by hand")
    assert [world.payment_events.payment_refunded(**event(session_id)) for _ in range(2)] == [
        "done",
        "done",
    ]
    assert (world.status(session_id), world.tasks()) == ("refunded", [])
    assert list(world.provider.refunds) == ["by hand"]
    assert world.book(world.other).status_code == 201


def test_the_webhook_of_our_own_refund_changes_nothing(world):
    session_id = world.paid()
    before = world.cancel(session_id).get_json()
    assert world.payment_events.payment_refunded(**event(session_id)) == "done"
    assert world.get(f"/sessions/{session_id}", world.member).get_json() == before
    assert world.results()["refunded"] == 1.0


def test_events_of_nothing_change_nothing(world):
    session_id = world.booked()
    nobody = event("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d")
    handlers = (
        world.payment_events.payment_succeeded,
        world.payment_events.payment_failed,
        world.payment_events.payment_refunded,
    )
    assert [handler(**nobody) for handler in handlers] == ["unknown_booking"] * 3
    assert world.payment_events.payment_succeeded(**event(session_id, amount=1)) == "other_amount"
    assert (
        world.payment_events.payment_succeeded(**event(session_id, currency="usd"))
        == "other_amount"
    )
    assert (
        world.payment_events.payment_refunded(**event(session_id, currency="usd")) == "other_amount"
    )
    assert world.payment_events.payment_failed(**event(session_id)) == "ignored"
    assert world.status(session_id) == "pending_payment"


def test_a_payment_that_fails_later_makes_room_for_another(world):
    session_id = world.booked()
    world.provider.status = "action_required"
    world.pay(session_id)
    assert (
        world.payment_events.payment_failed(**event(session_id, payment_id="pi_other")) == "ignored"
    )
    assert [world.payment_events.payment_failed(**event(session_id)) for _ in range(2)] == [
        "done",
        "ignored",
    ]
    world.provider.status = "succeeded"
    assert world.pay(session_id, "key-2").get_json()["status"] == "paid"
    assert world.provider.balance() == {"pi_2": 9001}
    assert world.tasks() == []
