"""Cancellation: the refund, paid back once, and its effect on the slot; events of refunds."""

from datetime import timedelta

import gevent
import pytest

from service.payments.gateway import PaymentRefused
from service.sessions.refund_policy import refund_amount
from service.sessions.settings import SessionSettings
from tests.service.sessions.api import problem
from tests.service.sessions.ledger import assert_money_agrees

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
def test_refund_depends_on_who_cancels_and_when(clinic, api, by, before, back):
    session_id = api.paid()
    clinic.clock.now = clinic.starts_at - before
    response = api.cancel(
        session_id, account_id=clinic.member if by == "member" else clinic.therapist
    )

    body = response.get_json()
    assert (response.status_code, body["status"]) == (200, "refunded" if back else "cancelled")
    assert body["refund"] == ({"amount": back, "status": "done"} if back else None)
    assert clinic.provider.balance() == {"pi_1": 9001 - back}
    assert clinic.tasks() == []
    assert_money_agrees(clinic)
    assert api.book(clinic.other).status_code == 201  # the slot lies ahead, so it is free again


def test_refund_rules_are_settings(clinic, api):
    session_id = api.paid()
    rules = {
        "BOOKING_FULL_REFUND_SECONDS": "60",
        "BOOKING_PART_REFUND_SECONDS": "30",
        "BOOKING_PART_REFUND_PERCENT": "10",
    }
    settings = SessionSettings.from_env(rules)
    booking = clinic.room.repositories.bookings.get(session_id)
    amounts = [
        refund_amount(settings, booking, "member", booking.starts_at - timedelta(seconds=left))
        for left in (60, 59, 30, 29)
    ]
    assert amounts == [9001, 900, 900, 0]


def test_a_session_that_has_begun_cannot_be_cancelled(clinic, api):
    session_id = api.paid()
    clinic.clock.now = clinic.starts_at
    expected = (409, "about:blank", "The session has begun and can no longer be cancelled.")
    assert problem(api.cancel(session_id)) == expected
    assert problem(api.cancel(session_id, account_id=clinic.therapist)) == expected
    assert clinic.status(session_id) == "paid"


def test_cancelled_many_times_at_once_it_is_paid_back_once(clinic, api):
    session_id = api.paid()
    clinic.provider.latency_seconds = 0.1
    who = (clinic.member, clinic.therapist)
    calls = [
        gevent.spawn(api.cancel, session_id, f"key-{number}", who[number % 2])
        for number in range(10)
    ]
    gevent.joinall(calls, raise_error=True)
    assert {(call.value.status_code, call.value.get_json()["status"]) for call in calls} == {
        (200, "refunded")
    }
    assert list(clinic.provider.refunds.values()) == [("pi_1", 9001)]
    assert (clinic.results()["cancelled"], clinic.results()["refunded"], clinic.tasks()) == (
        1.0,
        1.0,
        [],
    )


def test_the_same_key_has_the_same_response(api):
    session_id = api.paid()
    first, second = api.cancel(session_id), api.cancel(session_id)
    assert (first.data, second.headers["Idempotency-Replayed"]) == (second.data, "true")
    # A key of a payment is not one of a cancellation.
    assert api.cancel(api.paid(), key=f"paid-{session_id}").status_code == 200


def test_refund_follows_when_the_provider_is_unavailable(clinic, api):
    session_id = api.paid()
    clinic.provider.lost_responses = 1
    body = api.cancel(session_id).get_json()
    assert (body["status"], body["refund"]) == ("cancelled", {"amount": 9001, "status": "pending"})
    assert clinic.tasks() == ["refund:pi_1"]

    clinic.clock.forward(seconds=61)
    assert clinic.room.recovery.run_pass() == 1
    body = api.get(f"/sessions/{session_id}", clinic.member).get_json()
    assert (body["status"], body["refund"]) == ("refunded", {"amount": 9001, "status": "done"})
    assert list(clinic.provider.refunds.values()) == [("pi_1", 9001)]


def test_refund_that_the_provider_rejects_is_tried_again(clinic, api, monkeypatch, caplog):
    session_id = api.paid()

    def refuse(**given):
        raise PaymentRefused("balance_insufficient")

    monkeypatch.setattr(clinic.provider, "refund", refuse)
    assert api.cancel(session_id).get_json()["refund"]["status"] == "pending"
    assert f"the refund of booking {session_id} has to wait: PaymentRefused" in caplog.messages
    clinic.clock.forward(seconds=61)
    clinic.room.recovery.run_pass()
    monkeypatch.undo()
    clinic.recover()
    assert (clinic.status(session_id), clinic.tasks()) == ("refunded", [])


def test_partial_refund_is_not_repeated_when_the_provider_may_have_forgotten_the_key(clinic, api):
    session_id = api.paid()
    clinic.clock.now = clinic.starts_at - TWO_HOURS
    clinic.provider.lost_responses = 10**6
    api.cancel(session_id)
    clinic.clock.forward(seconds=clinic.settings.payment_watch_seconds)
    calls = len(clinic.provider.calls)
    clinic.room.recovery.run_pass()
    assert (len(clinic.provider.calls), clinic.tasks()) == (calls, ["refund:pi_1"])
    assert clinic.results()["abandoned"] == 1.0


def test_a_booking_that_is_not_paid_is_cancelled_without_the_provider(clinic, api):
    session_id = api.booked()
    body = api.cancel(session_id).get_json()
    assert (body["status"], body["refund"], body["cancelled_at"] is not None) == (
        "cancelled",
        None,
        True,
    )
    assert api.cancel(session_id, "key-2").get_json() == body
    assert clinic.provider.calls == []
    assert api.book(clinic.other).status_code == 201
    clinic.recover()
    assert clinic.tasks() == []


def test_an_expired_booking_cannot_be_cancelled(clinic, api):
    session_id = api.booked()
    clinic.clock.forward(seconds=901)
    clinic.room.recovery.run_pass()
    assert problem(api.cancel(session_id))[0] == 409


def test_a_payment_and_a_cancellation_at_once_agree_in_the_end(clinic, api):
    for number in range(6):
        session_id = api.booked(
            starts_at=clinic.offer(clinic.starts_at.replace(hour=number)).starts_at
        )
        clinic.provider.latency_seconds = 0.005 * number
        calls = [
            gevent.spawn(api.pay, session_id, f"pay-{number}"),
            gevent.spawn(api.cancel, session_id, f"cancel-{number}"),
        ]
        gevent.joinall(calls, raise_error=True)
        assert {call.value.status_code for call in calls} <= {200, 409}
    clinic.recover()
    assert clinic.tasks() == []
    assert_money_agrees(clinic)
    assert set(clinic.provider.balance().values()) <= {0}


def event(session_id, **changes):
    return {
        "booking_id": session_id,
        "payment_id": "pi_1",
        "amount": 9001,
        "currency": "eur",
    } | changes


def test_full_refund_at_the_provider_cancels_the_session(clinic, api):
    session_id = api.paid()
    assert clinic.room.payment_events.payment_refunded(**event(session_id, amount=100)) == "done"
    assert clinic.status(session_id) == "paid"
    clinic.provider.refund(payment_id="pi_1", amount=9001, key="by hand")
    assert [clinic.room.payment_events.payment_refunded(**event(session_id)) for _ in range(2)] == [
        "done",
        "done",
    ]
    assert (clinic.status(session_id), clinic.tasks()) == ("refunded", [])
    assert list(clinic.provider.refunds) == ["by hand"]
    assert api.book(clinic.other).status_code == 201


def test_the_webhook_of_our_own_refund_changes_nothing(clinic, api):
    session_id = api.paid()
    before = api.cancel(session_id).get_json()
    assert clinic.room.payment_events.payment_refunded(**event(session_id)) == "done"
    assert api.get(f"/sessions/{session_id}", clinic.member).get_json() == before
    assert clinic.results()["refunded"] == 1.0


def test_events_that_match_no_booking_change_nothing(clinic, api):
    session_id = api.booked()
    unknown = event("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d")
    handlers = (
        clinic.room.payment_events.payment_succeeded,
        clinic.room.payment_events.payment_failed,
        clinic.room.payment_events.payment_refunded,
    )
    assert [handler(**unknown) for handler in handlers] == ["unknown_booking"] * 3
    assert (
        clinic.room.payment_events.payment_succeeded(**event(session_id, amount=1))
        == "other_amount"
    )
    assert (
        clinic.room.payment_events.payment_succeeded(**event(session_id, currency="usd"))
        == "other_amount"
    )
    assert (
        clinic.room.payment_events.payment_refunded(**event(session_id, currency="usd"))
        == "other_amount"
    )
    assert clinic.room.payment_events.payment_failed(**event(session_id)) == "ignored"
    assert clinic.status(session_id) == "pending_payment"


def test_a_payment_that_fails_later_makes_room_for_another(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "action_required"
    api.pay(session_id)
    assert (
        clinic.room.payment_events.payment_failed(**event(session_id, payment_id="pi_other"))
        == "ignored"
    )
    assert [clinic.room.payment_events.payment_failed(**event(session_id)) for _ in range(2)] == [
        "done",
        "ignored",
    ]
    clinic.provider.status = "succeeded"
    assert api.pay(session_id, "key-2").get_json()["status"] == "paid"
    assert clinic.provider.balance() == {"pi_2": 9001}
    assert clinic.tasks() == []
