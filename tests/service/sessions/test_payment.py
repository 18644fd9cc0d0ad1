"""Paying as a client sees it: whole responses, concurrency, idempotency keys."""

import pytest

from service.payments.gateway import PaymentRefused
from tests.service.sessions.api import problem
from tests.service.sessions.concurrency import at_once

BLANK = "about:blank"


def test_paid_session_is_charged_once_and_assigns_the_therapist(clinic, api):
    session_id = api.booked()
    response = api.pay(session_id)

    assert (response.status_code, response.get_json()["status"]) == (200, "paid")
    assert response.headers["Idempotency-Replayed"] == "false"
    assert clinic.provider.balance() == {"pi_1": 9001}
    assert clinic.provider.calls == [f"pay:{session_id}:1"]
    assert clinic.room.repositories.care.is_assigned(clinic.therapist, clinic.member)
    assert clinic.tasks() == []
    assert clinic.results() == {"booked": 1.0, "paid": 1.0}


def test_the_same_key_and_body_have_the_same_response_and_one_payment(clinic, api):
    session_id = api.booked()
    first, second = api.pay(session_id), api.pay(session_id)
    assert (first.status_code, first.data, first.content_type) == (
        second.status_code,
        second.data,
        second.content_type,
    )
    assert second.headers["Idempotency-Replayed"] == "true"
    assert clinic.provider.calls == [f"pay:{session_id}:1"]


def test_the_same_key_at_once_is_one_payment(clinic, api):
    session_id = api.booked()
    clinic.provider.latency_seconds = 0.2
    responses = at_once(lambda: api.pay(session_id) for _ in range(20))

    done = [response for response in responses if response.status_code == 200]
    waiting = [response for response in responses if response.status_code == 409]
    assert (len(done) + len(waiting), len({response.data for response in done})) == (20, 1)
    in_progress = "urn:serene:problem:request-in-progress"
    assert {problem(response) for response in waiting} == {
        (409, in_progress, "A request of this Idempotency-Key is in progress.")
    }
    assert {response.headers["Retry-After"] for response in waiting} == {"1"}
    assert api.pay(session_id).data == done[0].data
    assert clinic.provider.balance() == {"pi_1": 9001}


def test_other_keys_at_once_are_one_payment_too(clinic, api):
    session_id = api.booked()
    clinic.provider.latency_seconds = 0.1
    responses = at_once(
        lambda number=number: api.pay(session_id, f"key-{number}", f"pm_{number}")
        for number in range(10)
    )
    assert {(response.status_code, response.get_json()["status"]) for response in responses} == {
        (200, "paid")
    }
    assert clinic.provider.balance() == {"pi_1": 9001}
    assert clinic.results() == {"booked": 1.0, "paid": 1.0}


def test_a_key_is_not_good_for_another_request(clinic, api):
    session_id, reused = api.booked(), "urn:serene:problem:idempotency-key-reused"
    api.pay(session_id, method="pm_declined")
    expected = (422, reused, "The Idempotency-Key was used for another request.")
    assert problem(api.pay(session_id, method="pm_other")) == expected
    other = api.booked(
        starts_at=clinic.offer(
            clinic.starts_at.replace(hour=(clinic.starts_at.hour + 2) % 24)
        ).starts_at
    )
    assert problem(api.pay(other, method="pm_declined")) == expected


def test_accounts_can_use_the_same_key(clinic, api):
    first = api.booked()
    second = api.booked(
        account_id=clinic.other,
        starts_at=clinic.offer(clinic.starts_at.replace(minute=30)).starts_at,
    )
    assert (
        api.pay(first).status_code,
        api.pay(second, account_id=clinic.other).status_code,
    ) == (200, 200)


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "\u00e9"])
def test_a_payment_needs_a_key(clinic, api, key):
    session_id = api.booked()
    response = api.pay(session_id, key)
    assert (
        response.status_code,
        [error["field"] for error in response.get_json(force=True)["errors"]],
    ) == (422, ["Idempotency-Key"])
    assert api.cancel(session_id, key).status_code == 422
    assert clinic.provider.calls == []


def test_a_declined_payment_may_be_tried_with_something_else(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "declined"
    declined = api.pay(session_id)
    assert problem(declined) == (
        402,
        "urn:serene:problem:payment-declined",
        "The payment was declined; use another payment method.",
    )
    assert api.pay(session_id).data == declined.data

    clinic.provider.status = "succeeded"
    assert api.pay(session_id, "key-2", "pm_other").get_json()["status"] == "paid"
    assert clinic.provider.balance() == {"pi_2": 9001}
    assert clinic.results() == {"booked": 1.0, "declined": 1.0, "paid": 1.0}


def test_number_of_payment_attempts_is_limited(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "declined"
    statuses = [api.pay(session_id, f"key-{number}").status_code for number in range(12)]
    assert statuses == [402] * 10 + [409] * 2


def test_a_payment_that_needs_consent_is_completed_by_the_webhook(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "action_required"
    detail = (
        "The payment needs the payer's confirmation; complete it with the client_secret, "
        "then get the session."
    )
    response = api.pay(session_id)
    assert problem(response) == (402, "urn:serene:problem:payment-action-required", detail)
    assert response.get_json(force=True)["client_secret"] == "secret_of_pi_1"
    # No second payment begins while that one may still succeed.
    assert api.pay(session_id, "key-2", "pm_other").status_code == 402
    assert len(clinic.provider.payments) == 1

    clinic.provider.complete("pi_1", "succeeded")
    event = {"booking_id": session_id, "payment_id": "pi_1", "amount": 9001, "currency": "eur"}
    assert [clinic.room.payment_events.payment_succeeded(**event) for _ in range(2)] == [
        "done",
        "done",
    ]
    assert (clinic.status(session_id), clinic.tasks()) == ("paid", [])
    assert clinic.results() == {"booked": 1.0, "action_required": 2.0, "paid": 1.0}


def test_processing_payment_is_202(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "processing"
    response = api.pay(session_id)
    assert (response.status_code, response.get_json()["status"]) == (202, "pending_payment")


def test_lost_response_is_503_and_the_same_key_returns_the_result(clinic, api):
    session_id = api.booked()
    clinic.provider.lost_responses = 1
    lost = api.pay(session_id)
    assert (problem(lost)[:2], lost.headers["Retry-After"]) == (
        (503, "urn:serene:problem:payments-unavailable"),
        "5",
    )
    assert api.pay(session_id).get_json()["status"] == "paid"
    assert clinic.provider.calls == [f"pay:{session_id}:1"] * 2
    assert clinic.provider.balance() == {"pi_1": 9001}


def test_payment_that_the_provider_rejects_is_a_500_and_ends_the_attempt(clinic, api, monkeypatch):
    session_id = api.booked()

    def refuse(**given):
        raise PaymentRefused("currency_not_supported")

    monkeypatch.setattr(clinic.provider, "pay", refuse)
    assert api.pay(session_id).status_code == 500
    monkeypatch.undo()
    assert clinic.tasks() == [f"expire:{session_id}"]
    assert api.pay(session_id).get_json()["status"] == "paid"
    assert clinic.provider.calls == [f"pay:{session_id}:2"]


def test_ended_booking_cannot_be_paid(clinic, api):
    expired, cancelled = (
        api.booked(),
        api.booked(starts_at=clinic.offer(clinic.starts_at.replace(minute=30)).starts_at),
    )
    api.cancel(cancelled)
    clinic.clock.forward(seconds=901)
    assert problem(api.pay(expired)) == (
        409,
        BLANK,
        "The booking expired because it was not paid in time.",
    )
    assert problem(api.pay(cancelled, "key-2")) == (409, BLANK, "The booking is closed.")
    assert clinic.provider.calls == []
    assert clinic.status(expired) == "expired"
    assert api.book(clinic.other).status_code == 201


@pytest.mark.parametrize("method", ["", "4242 4242", "pm_\n", "x" * 101, 5, None])
def test_a_payment_method_is_a_token(clinic, api, method):
    session_id = api.booked()
    assert api.pay(session_id, method=method).status_code == 422
    assert clinic.provider.calls == []
