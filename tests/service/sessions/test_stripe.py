"""Bookings paid with ``StripeGateway`` on the real stripe-mock, and by signed webhooks."""

import pytest

from service.payments.settings import PaymentSettings
from service.payments.stripe_gateway import StripeGateway
from tests.service.payments.signed import SECRET, deliver, event
from tests.service.sessions.api import problem
from tests.service.sessions.clinic import Clinic
from tests.stripe_mock import ACTION_REQUIRED, DECLINED, LOST, TAKEN


@pytest.fixture
def environ(environ, stripe_mock) -> dict[str, str]:
    secrets = {"STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_RETRIES": "0"}
    return environ | stripe_mock.environ | secrets


@pytest.fixture
def clinic(build_service, environ, telemetry):
    payments = StripeGateway(PaymentSettings.from_env(environ), telemetry)
    yield Clinic(build_service, payments)
    payments.close()


def payments_of(stripe_mock, session_id) -> list[int]:
    """Return how often each payment of a session was requested."""
    return [
        entry["calls"]
        for entry in stripe_mock.ledger(*(f"pay:{session_id}:{number}" for number in range(1, 4)))
    ]


def test_a_session_is_paid_and_cancelled(clinic, api, stripe_mock):
    session_id = api.booked()
    assert api.pay(session_id, method=TAKEN).get_json()["status"] == "paid"
    body = api.cancel(session_id).get_json()
    assert (body["status"], body["refund"]) == ("refunded", {"amount": 9001, "status": "done"})
    assert payments_of(stripe_mock, session_id) == [1]
    assert clinic.tasks() == []


def test_a_declined_card_is_followed_by_a_good_one(api, stripe_mock):
    session_id = api.booked()
    assert problem(api.pay(session_id, method=DECLINED))[:2] == (
        402,
        "urn:serene:problem:payment-declined",
    )
    assert api.pay(session_id, "key-2", TAKEN).get_json()["status"] == "paid"
    assert payments_of(stripe_mock, session_id) == [1, 1]


def test_lost_response_is_recovered_by_the_pass(clinic, api, stripe_mock):
    session_id = api.booked()
    assert api.pay(session_id, method=LOST).status_code == 503
    clinic.clock.forward(seconds=61)
    assert clinic.room.recovery.run_pass() == 1
    assert clinic.status(session_id) == "paid"
    assert payments_of(stripe_mock, session_id) == [2]


def test_confirmation_by_a_signed_webhook_pays_the_session_once(clinic, api):
    session_id = api.booked()
    waiting = api.pay(session_id, method=ACTION_REQUIRED)
    body = waiting.get_json(force=True)
    assert (waiting.status_code, body["type"]) == (
        402,
        "urn:serene:problem:payment-action-required",
    )
    assert body["client_secret"]

    payment_id = clinic.room.repositories.bookings.last_attempt(session_id).payment_id
    succeeded = event(
        id=payment_id, amount=9001, amount_received=9001, metadata={"booking_id": session_id}
    )
    client = clinic.service.app.test_client()
    assert [deliver(client, succeeded).status_code for _ in range(2)] == [200, 200]
    assert (clinic.status(session_id), clinic.tasks()) == ("paid", [])
    failed = event(
        "payment_intent.payment_failed", id=payment_id, metadata={"booking_id": session_id}
    )
    refunded = event(
        "charge.refunded",
        payment_intent=payment_id,
        amount_refunded=9001,
        metadata={"booking_id": session_id},
    )
    assert [deliver(client, one).status_code for one in (failed, refunded)] == [200, 200]
    assert clinic.status(session_id) == "refunded"
