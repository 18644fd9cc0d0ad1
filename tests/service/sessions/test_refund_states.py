"""The true state of refunds, which may be pending for days and fail after they succeeded."""

import logging

import pytest

from service.payments.gateway import PaymentsUnavailable
from service.payments.model import RefundChanged
from tests.service.payments.signed import deliver, event

OWN = "re_refund:pi_1"
AMOUNT = 9001
REFUNDED, CANCELLED = "refunded", "cancelled"


@pytest.fixture
def refunds(clinic):
    """Return the states that were counted."""

    def read():
        registry = clinic.service.telemetry.registry
        families = registry.restricted_registry(["serene_refunds_total"]).collect()
        samples = [sample for family in families for sample in family.samples]
        return {one.labels["status"]: one.value for one in samples if one.value}

    return read


@pytest.fixture
def errors(caplog):
    caplog.set_level(logging.ERROR, "service.sessions")
    return lambda: [record.getMessage() for record in caplog.records]


def cancelled(api, clinic, status):
    clinic.provider.refund_status = status
    session_id = api.paid()
    api.cancel(session_id)
    return session_id


def report(clinic, session_id, status, refund_id=OWN, amount=AMOUNT, **given):
    booking_id = given.get("booking_id", session_id)
    changed = RefundChanged(booking_id, "pi_1", refund_id, status, amount, given.get("reason", ""))
    clinic.room.payment_events.handle_payment_event(changed)


def seen(api, clinic, session_id):
    body = api.get(f"/sessions/{session_id}", clinic.member).get_json()
    listed = api.get("/sessions", clinic.member).get_json()["sessions"][0]
    assert (listed["status"], listed["refund"]) == (body["status"], body["refund"])
    assert body["refund"]["amount"] == AMOUNT
    return body["status"], body["refund"]["status"]


FAILED = (CANCELLED, "failed")
PENDING = (CANCELLED, "pending")
DONE = (REFUNDED, "done")


@pytest.mark.parametrize(
    ("first", "reported", "expected", "failures"),
    [
        ("succeeded", [], DONE, 0),
        ("pending", [], PENDING, 0),
        ("requires_action", [], (CANCELLED, "requires_action"), 0),
        ("failed", [], FAILED, 1),
        ("canceled", [], FAILED, 1),
        ("pending", ["pending"], PENDING, 0),
        ("pending", ["succeeded"], DONE, 0),
        ("pending", ["failed"], FAILED, 1),
        ("pending", ["canceled"], FAILED, 1),
        ("pending", ["requires_action"], (CANCELLED, "requires_action"), 0),
        ("pending", ["requires_action", "succeeded"], DONE, 0),
        ("requires_action", ["pending", "canceled"], FAILED, 1),
        ("succeeded", ["failed"], FAILED, 1),
        ("succeeded", ["pending"], DONE, 0),
        ("succeeded", ["failed", "failed", "failed"], FAILED, 1),
        ("succeeded", ["failed", "succeeded"], FAILED, 1),
        ("pending", ["failed", "pending"], FAILED, 1),
        ("pending", ["succeeded", "pending", "succeeded"], DONE, 0),
        ("pending", ["succeeded", "failed"], FAILED, 1),
        ("pending", ["canceled", "failed"], FAILED, 2),
    ],
)
def test_session_has_the_true_state_whatever_order_it_comes_in(
    api, clinic, refunds, errors, first, reported, expected, failures
):
    session_id = cancelled(api, clinic, first)
    for status in reported:
        report(clinic, session_id, status)
    assert seen(api, clinic, session_id) == expected
    assert len(errors()) == failures
    assert refunds() == dict.fromkeys({first, *reported}, 1.0)


def test_failed_refund_is_an_error_that_states_what_to_do(api, clinic, errors):
    session_id = cancelled(api, clinic, "pending")
    report(clinic, session_id, "failed", reason="lost_or_stolen_card")
    assert errors() == [
        f"refund {OWN} of booking {session_id} was not paid back (failed, lost_or_stolen_card): "
        "pay it back in another way"
    ]
    assert clinic.tasks() == []


def test_second_refund_at_the_provider_settles_a_failed_one(api, clinic):
    session_id = cancelled(api, clinic, "failed")
    report(clinic, session_id, "pending", "re_by_hand", booking_id=None)
    assert seen(api, clinic, session_id) == PENDING
    report(clinic, session_id, "succeeded", "re_by_hand", booking_id=None)
    assert seen(api, clinic, session_id) == DONE


def test_part_that_succeeded_does_not_settle_the_whole(api, clinic):
    session_id = cancelled(api, clinic, "failed")
    report(clinic, session_id, "succeeded", "re_by_hand", amount=100)
    assert seen(api, clinic, session_id) == FAILED


def test_recovery_reads_a_pending_refund_until_it_is_final(api, clinic, refunds):
    session_id = cancelled(api, clinic, "pending")
    assert clinic.tasks() == ["refund:pi_1"]
    clinic.recover()
    assert (seen(api, clinic, session_id), clinic.tasks()) == (PENDING, ["refund:pi_1"])
    clinic.provider.refund_status = "succeeded"
    clinic.recover()
    assert (seen(api, clinic, session_id), clinic.tasks()) == (DONE, [])
    assert refunds() == {"pending": 1.0, "succeeded": 1.0}
    calls = [call for call in clinic.provider.calls if "refund" in call]
    assert (calls[0], set(calls[1:])) == ("refund:pi_1", {f"find:{OWN}"})


def test_provider_that_cannot_be_reached_leaves_a_pending_refund_pending(api, clinic, monkeypatch):
    session_id = cancelled(api, clinic, "pending")

    def unreachable(_):
        raise PaymentsUnavailable("unreachable")

    monkeypatch.setattr(clinic.provider, "find_refund", unreachable)
    clinic.recover()
    assert (seen(api, clinic, session_id), clinic.tasks()) == (PENDING, ["refund:pi_1"])


def test_refund_made_at_the_provider_has_its_state_too(api, clinic):
    session_id = api.paid()
    charge = {"booking_id": session_id, "payment_id": "pi_1", "amount": AMOUNT, "currency": "eur"}
    clinic.room.payment_events.payment_refunded(**charge)
    assert seen(api, clinic, session_id) == DONE
    report(clinic, session_id, "failed", "re_by_hand", booking_id=None)
    assert seen(api, clinic, session_id) == FAILED


def test_refund_of_an_unknown_payment_changes_nothing(clinic, refunds, errors):
    report(clinic, None, "failed", "re_foreign")
    report(clinic, "no-booking", "failed", "re_foreign")
    assert (refunds(), errors()) == ({}, [])


def test_signed_events_reach_the_session(api, clinic, errors):
    session_id = cancelled(api, clinic, "pending")
    client = clinic.service.app.test_client()
    refund = {"id": OWN, "object": "refund", "payment_intent": "pi_1", "amount": AMOUNT}
    for kind, status in (("refund.updated", "succeeded"), ("refund.failed", "failed")):
        sent = event(kind) | {"data": {"object": refund | {"status": status}}}
        assert deliver(client, sent).status_code == 200
    assert (seen(api, clinic, session_id), len(errors())) == (FAILED, 1)
    dispute = {"object": "dispute", "payment_intent": "pi_1", "status": "needs_response"}
    assert (
        deliver(client, event("charge.dispute.created") | {"data": {"object": dispute}}).status_code
        == 200
    )
    assert errors()[1] == "payment pi_1 is disputed (needs_response): answer it at the provider"
    assert clinic.results()["disputed"] == 1.0


def test_document_names_every_state(clinic):
    document = clinic.service.app.test_client().get("/api/v1/openapi.json").get_json()
    states = document["components"]["schemas"]["RefundView"]["properties"]["status"]["enum"]
    assert states == ["pending", "requires_action", "failed", "done"]
