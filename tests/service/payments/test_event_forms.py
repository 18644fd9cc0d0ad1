"""Events of Stripe's many API versions and accounts: what is read, ignored, refused."""

import hmac
import json
import time

import pytest

from service.payments import stripe_events
from service.payments.model import (
    PaymentDisputed,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    RefundChanged,
)
from service.payments.stripe_events import InvalidEvent
from tests.service.payments.signed import (
    BAD_SIGNATURE,
    NOT_AN_EVENT,
    RECEIVED,
    SECRET,
    deliver,
    event,
    signature,
    summary,
)

THIN = {
    "id": "evt_test_65",
    "object": "v2.core.event",
    "type": "v1.billing.meter.error_report_triggered",
    "created": "2026-11-26T13:00:00.000Z",
    "context": None,
    "livemode": False,
    "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
}


def without(delivered, *names):
    return {name: value for name, value in delivered.items() if name not in names}


def about(kind, subject, **more):
    return event(kind) | {"data": {"object": subject}} | more


def refund(**changes):
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 4500,
        "currency": "eur",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "status": "failed",
        "failure_reason": "lost_or_stolen_card",
    } | changes


def changed(status, *, booking_id=None, reason="lost_or_stolen_card"):
    return RefundChanged(booking_id, "pi_1", "re_1", status, 4500, reason)


PAID = PaymentSucceeded("booking-1", "pi_1", 8000, "eur")
DISPUTE = {"id": "dp_1", "object": "dispute", "payment_intent": "pi_1", "status": "lost"}

READ = [
    ("as usual", event(), PAID),
    ("no object", without(event(), "object"), PAID),
    ("an empty account", event() | {"account": ""}, PAID),
    ("no livemode", without(event(), "livemode"), PAID),
    ("members of later versions", event() | {"context": "x", "pending_webhooks": 1}, PAID),
    (
        "previous attributes",
        event() | {"data": event()["data"] | {"previous_attributes": {}}},
        PAID,
    ),
    ("no account", event() | {"account": None}, PAID),
    (
        "an old payment",
        event(amount_received=None),
        PaymentSucceeded("booking-1", "pi_1", 9000, "eur"),
    ),
    (
        "a number as id of a booking",
        event(metadata={"booking_id": 7}),
        PaymentSucceeded("7", "pi_1", 8000, "eur"),
    ),
    ("canceled", event("payment_intent.canceled"), PaymentFailed("booking-1", "pi_1", 9000, "eur")),
    (
        "expanded payment",
        event("charge.refunded", payment_intent={"id": "pi_1", "object": "payment_intent"}),
        PaymentRefunded("booking-1", "pi_1", 4500, "eur"),
    ),
    (
        "refunds of a charge",
        event("charge.refunded", refunds={"data": [refund()]}),
        PaymentRefunded("booking-1", "pi_1", 4500, "eur"),
    ),
    ("refund.failed", about("refund.failed", refund()), changed("failed")),
    ("charge.refund.updated", about("charge.refund.updated", refund()), changed("failed")),
    (
        "refund.updated, canceled",
        about("refund.updated", refund(status="canceled")),
        changed("canceled"),
    ),
    (
        "refund.created, pending",
        about("refund.created", refund(status="pending", failure_reason=None)),
        changed("pending", reason=""),
    ),
    (
        "refund that waits",
        about("refund.updated", refund(status="requires_action")),
        changed("requires_action"),
    ),
    ("refund without a status", about("refund.updated", refund(status=None)), changed("succeeded")),
    (
        "refund of an unknown status",
        about("refund.updated", refund(status="new")),
        changed("pending"),
    ),
    (
        "reason in sentences",
        about("refund.failed", refund(failure_reason="Canary, a name")),
        changed("failed", reason="other"),
    ),
    (
        "refund with metadata",
        about("refund.failed", refund(metadata={"booking_id": "booking-1"})),
        changed("failed", booking_id="booking-1"),
    ),
    (
        "refund of an expanded payment",
        about("refund.failed", refund(payment_intent={"id": "pi_1"})),
        changed("failed"),
    ),
    ("dispute", about("charge.dispute.closed", DISPUTE), PaymentDisputed(None, "pi_1", "lost")),
    (
        "dispute with less",
        about("charge.dispute.created", {"payment_intent": {"id": "pi_1"}}),
        PaymentDisputed(None, "pi_1", "unknown"),
    ),
]

IGNORED = [
    ("a thin event", THIN),
    ("a thin event with data", THIN | {"data": {"object": {}}}),
    ("a thin event of a known type", THIN | {"type": "payment_intent.succeeded"}),
    ("a thin event of a later version", THIN | {"object": "v3.core.event"}),
    ("a thin event with a list", THIN | {"data": []}),
    ("an unknown type with nothing", event("customer.created") | {"data": None}),
    ("an unknown type", event("entitlements.active_entitlement_summary.updated")),
    ("an unknown type without data", without(event("customer.created"), "data")),
    ("an unknown type with other data", event("customer.created") | {"data": {"x": 1}}),
    ("an event of a connected account", event() | {"account": "acct_1"}),
    ("an event of real money", event() | {"livemode": True}),
    ("processing", event("payment_intent.processing")),
    ("requires action", event("payment_intent.requires_action")),
    ("requires capture", event("payment_intent.amount_capturable_updated")),
    ("metadata null", event(metadata=None)),
    ("metadata empty", event(metadata={"booking_id": ""})),
    ("metadata as an empty list", event(metadata=[])),
    ("a charge without payment", event("charge.refunded", payment_intent=None)),
    ("a refund without payment", about("refund.failed", refund(payment_intent=None))),
    ("a dispute without payment", about("charge.dispute.created", {"id": "dp_1"})),
]

INVALID = [
    ("no text", b"\xff\xfe"),
    (
        "a number that no database takes",
        json.dumps(about("refund.failed", refund(amount=10**30))).encode(),
    ),
    ("half a character", b'{"id": "\\ud800", "object": "event", "type": "x"}'),
    ("a long number", b'{"id": "evt_1", "type": "x", "created": ' + b"9" * 5000 + b"}"),
    ("deep", b'{"id": "evt_1", "type": "x", "data": ' + b"[" * 50_000),
    ("cut", b'{"id": "evt_1"'),
    ("not an object", b"[]"),
    ("another object", json.dumps(THIN | {"object": "charge"}).encode()),
    ("no type", json.dumps(without(event(), "type")).encode()),
    ("no id", json.dumps(without(event(), "id")).encode()),
    ("a known type without data", json.dumps(without(event(), "data")).encode()),
    (
        "a refund without amount",
        json.dumps(about("refund.failed", {"id": "re_1", "payment_intent": "pi_1"})).encode(),
    ),
    ("a number that no number is", b'{"id": "evt_1", "object": "event", "type": NaN}'),
]


def signed(body: bytes, *, at: float | None = None, secret: str = SECRET) -> str:
    """Sign any bytes."""
    at = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), str(at).encode() + b"." + body, "sha256")
    return f"t={at},v1={mac.hexdigest()}"


@pytest.mark.parametrize(
    ("delivered", "read"), [row[1:] for row in READ], ids=[row[0] for row in READ]
)
def test_event_of_a_booking_is_read_in_every_form(delivered, read):
    body = json.dumps(delivered).encode()
    assert stripe_events.read(body, signed(body), SECRET, 300).event == read


@pytest.mark.parametrize("delivered", [row[1] for row in IGNORED], ids=[row[0] for row in IGNORED])
def test_other_event_is_ignored(delivered):
    body = json.dumps(delivered).encode()
    assert stripe_events.read(body, signed(body), SECRET, 300).event is None


@pytest.mark.parametrize("body", [row[1] for row in INVALID], ids=[row[0] for row in INVALID])
def test_signed_body_that_is_no_event_is_invalid(body):
    with pytest.raises(InvalidEvent, match="not a Stripe event"):
        stripe_events.read(body, signed(body), SECRET, 300)


def test_test_event_is_ignored_by_a_service_with_real_money():
    body = json.dumps(event()).encode()
    assert stripe_events.read(body, signed(body), SECRET, 300, is_live=True).event is None


BODY = json.dumps(event()).encode()
NOW = 1_795_700_000


@pytest.mark.parametrize(
    ("ahead_seconds", "is_valid"), [(-299, True), (-301, False), (299, True), (301, False)]
)
def test_signature_may_be_old_and_ahead_within_its_tolerance(ahead_seconds, is_valid, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: NOW)
    header = signed(BODY, at=NOW + ahead_seconds)
    if is_valid:
        assert stripe_events.read(BODY, header, SECRET, 300, unix_time=lambda: NOW).event == PAID
    else:
        with pytest.raises(InvalidEvent):
            stripe_events.read(BODY, header, SECRET, 300, unix_time=lambda: NOW)


def header_of(*signatures: str, at: str | None = None) -> str:
    return ",".join([at or signed(BODY).split(",")[0], *signatures])


@pytest.mark.parametrize(
    ("header", "is_valid"),
    [
        (lambda good: f"{good},v1={'0' * 64}", True),
        (lambda good: good.replace(",", f",v1={'0' * 64},"), True),
        (lambda good: good.replace(",", f",v0={'0' * 64},"), True),
        (lambda good: ",".join(reversed(good.split(","))), True),
        (lambda good: good.replace("v1=", "v0="), False),
        (lambda good: good.replace("v1=", "v2="), False),
        (lambda good: good.split(",")[1], False),
        (lambda good: good.replace("t=", "t=-"), False),
    ],
)
def test_one_good_signature_of_the_scheme_is_enough(header, is_valid):
    if is_valid:
        assert stripe_events.read(BODY, header(signed(BODY)), SECRET, 300).event == PAID
    else:
        with pytest.raises(InvalidEvent):
            stripe_events.read(BODY, header(signed(BODY)), SECRET, 300)


@pytest.fixture
def counted(telemetry):
    def read():
        (family,) = telemetry.registry.restricted_registry(
            ["serene_payment_events_total"]
        ).collect()
        return {one.labels["result"]: one.value for one in family.samples if one.name.endswith("l")}

    return read


def test_thin_event_is_accepted_and_counted_ignored(service, counted):
    client = service.app.test_client()
    assert summary(deliver(client, THIN)) == RECEIVED
    assert counted() == {"ignored": 1.0}


def test_signed_bytes_that_are_no_text_are_refused_and_no_error(service, counted):
    client, body = service.app.test_client(), b"\xff\xfe{}"
    assert summary(deliver(client, body, **{"Stripe-Signature": signed(body)})) == NOT_AN_EVENT
    ahead = signature(BODY, age_seconds=-400)
    assert summary(deliver(client, BODY, **{"Stripe-Signature": ahead})) == BAD_SIGNATURE
    assert counted() == {"refused": 2.0}
