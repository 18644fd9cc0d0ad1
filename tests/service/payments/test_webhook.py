"""The webhook: signed events are handled once, others are refused, failed ones may come again."""

import gevent
import pytest
from gevent.event import Event
from pymongo.errors import AutoReconnect

from service.payments import stripe_events
from service.payments.model import PaymentFailed, PaymentRefunded, PaymentSucceeded
from tests.machine import PATIENCE_SECONDS
from tests.service.payments.signed import (
    BAD_SIGNATURE,
    NOT_AN_EVENT,
    RECEIVED,
    WEBHOOK,
    deliver,
    event,
    signature,
    summary,
)


class Handler:
    """Records events; raises the failures that a test sets, and waits while it sets so."""

    def __init__(self):
        self.handled = []
        self.failures = []
        self.entered, self.go_on = Event(), Event()
        self.go_on.set()

    def __call__(self, event):
        self.handled.append(event)
        self.entered.set()
        assert self.go_on.wait(PATIENCE_SECONDS)
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def handler():
    return Handler()


@pytest.fixture
def service(build_service, handler):
    return build_service(handle_payment_event=handler)


@pytest.fixture
def client(service):
    return service.app.test_client()


@pytest.fixture
def counted(telemetry):
    """Return the deliveries so far by result."""

    def read():
        (family,) = telemetry.registry.restricted_registry(
            ["serene_payment_events_total"]
        ).collect()
        return {
            sample.labels["result"]: sample.value
            for sample in family.samples
            if sample.name == "serene_payment_events_total"
        }

    return read


@pytest.mark.parametrize(
    ("delivered", "handled"),
    [
        (event("payment_intent.succeeded"), PaymentSucceeded("booking-1", "pi_1", 8000, "eur")),
        (event("payment_intent.payment_failed"), PaymentFailed("booking-1", "pi_1", 9000, "eur")),
        (event("charge.refunded"), PaymentRefunded("booking-1", "pi_1", 4500, "eur")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_event_of_a_booking_is_handled(client, handler, counted, delivered, handled):
    response = deliver(client, delivered)
    assert (summary(response), response.get_json()) == (RECEIVED, {"received": True})
    assert handler.handled == [handled]
    assert counted() == {"handled": 1.0}


@pytest.mark.parametrize(
    "delivered",
    [
        event("customer.created"),
        event("payment_intent.processing"),
        event(metadata={}),
        event(metadata={"order_id": "1"}),
        event("charge.refunded", metadata={}),
        event("charge.refunded", payment_intent=None),
    ],
    ids=lambda value: value["type"],
)
def test_event_without_a_booking_is_accepted_and_ignored(
    client, handler, counted, service, delivered
):
    assert summary(deliver(client, delivered)) == RECEIVED
    assert (handler.handled, counted()) == ([], {"ignored": 1.0})
    assert list(service.mongo.database["payment_events"].find()) == []


def test_the_same_event_again_changes_nothing(client, handler, counted):
    delivered = event()
    assert [summary(deliver(client, delivered)) for _ in range(3)] == [RECEIVED] * 3
    assert (len(handler.handled), counted()) == (1, {"handled": 1.0, "replayed": 2.0})


def test_the_same_event_many_times_at_once_is_handled_once(client, handler, counted):
    delivered = event()
    handler.go_on.clear()
    first = gevent.spawn(deliver, client, delivered)
    assert handler.entered.wait(PATIENCE_SECONDS)
    others = [gevent.spawn(deliver, client, delivered) for _ in range(15)]
    gevent.joinall(others, timeout=60, raise_error=True)
    # Refused, since the delivery that is being handled may still fail: Stripe delivers it again.
    assert {summary(other.value) for other in others} == {
        (409, "application/problem+json", "The event is being handled; deliver it again.")
    }
    handler.go_on.set()
    assert summary(first.get(timeout=60)) == RECEIVED
    assert summary(deliver(client, delivered)) == RECEIVED
    assert (len(handler.handled), counted()) == (1, {"busy": 15.0, "handled": 1.0, "replayed": 1.0})


def test_a_storm_of_the_same_event_is_handled_once(client, handler):
    delivered = event()
    greenlets = [gevent.spawn(deliver, client, delivered) for _ in range(30)]
    gevent.joinall(greenlets, timeout=60, raise_error=True)
    assert {greenlet.value.status_code for greenlet in greenlets} <= {200, 409}
    assert len(handler.handled) == 1


@pytest.mark.parametrize(
    ("failure", "status"),
    [(KeyError("canary"), 500), (AutoReconnect("canary"), 503), (gevent.GreenletExit(), 500)],
    ids=repr,
)
def test_event_whose_handling_failed_is_handled_on_its_next_delivery(
    client, handler, counted, failure, status
):
    handler.failures = [failure]
    delivered = event()
    if isinstance(failure, gevent.GreenletExit):
        with pytest.raises(gevent.GreenletExit):
            deliver(client, delivered)
    else:
        assert deliver(client, delivered).status_code == status
    assert summary(deliver(client, delivered)) == RECEIVED
    assert summary(deliver(client, delivered)) == RECEIVED
    assert (len(handler.handled), counted()) == (
        2,
        {"failed": 1.0, "handled": 1.0, "replayed": 1.0},
    )


GOOD = b'{"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": {}}}'


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "t=1",
        "v1=abc",
        "t=x,v1=abc",
        f"t={'9' * 5000},v1=abc",
        "nonsense",
        ",,,===",
        "t=1,v1=\xe9",
        "\x80\xff",
        signature(GOOD, "whsec_of-another-account"),
        signature(GOOD + b" "),
        signature(GOOD, age_seconds=301),
        signature(GOOD).replace("v1=", "v0="),
    ],
    ids=lambda header: header[:20].encode("unicode_escape").decode(),
)
def test_a_signature_that_is_missing_wrong_or_old_is_refused(client, handler, counted, header):
    response = deliver(client, GOOD, **{"Stripe-Signature": header})
    assert summary(response) == BAD_SIGNATURE
    assert (handler.handled, counted()) == ([], {"refused": 1.0})


def test_missing_signature_header_is_refused(client):
    assert (
        summary(client.post(WEBHOOK, data=GOOD, content_type="application/json")) == BAD_SIGNATURE
    )


def test_signature_is_valid_for_the_configured_time(client):
    assert (
        summary(deliver(client, GOOD, **{"Stripe-Signature": signature(GOOD, age_seconds=290)}))
        == RECEIVED
    )


@pytest.mark.parametrize(
    "tampered", [GOOD.replace(b"evt_1", b"evt_2"), GOOD + b"\n", GOOD[:-1], b""]
)
def test_a_body_that_is_not_the_one_that_was_signed_is_refused(client, tampered):
    assert (
        summary(deliver(client, tampered, **{"Stripe-Signature": signature(GOOD)})) == BAD_SIGNATURE
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"{}",
        b"[" * 100_000,
        b'{"id": 7, "object": "event", "type": "customer.created", "data": {"object": {}}}',
        b'{"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", '
        b'"data": {"object": {"id": "pi_1"}}}',
        b'{"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": []}}',
        b'{"id": "evt_1", "object": "event", "type": {}, "data": {"object": {}}}',
    ],
    ids=lambda body: body[:90].decode(),
)
def test_a_signed_body_that_is_no_event_is_refused(client, handler, body):
    assert summary(deliver(client, body)) == NOT_AN_EVENT
    assert handler.handled == []


def test_body_that_is_not_text_is_refused(client):
    headers = {"Stripe-Signature": signature(GOOD), "Content-Type": "application/json"}
    assert summary(client.post(WEBHOOK, data=b"\xff\xfe", headers=headers)) == NOT_AN_EVENT


def test_another_media_type_and_too_long_a_body_are_refused(client):
    assert deliver(client, GOOD, **{"Content-Type": "text/plain"}).status_code == 415
    assert deliver(client, b" " * (1024**2 + 1)).status_code == 413
    assert client.get(WEBHOOK).status_code == 405


def test_document_describes_the_header_the_body_and_each_status(client):
    (described,) = client.get("/api/v1/openapi.json").get_json()["paths"][WEBHOOK].values()
    assert [(one["name"], one["in"]) for one in described["parameters"]] == [
        ("Stripe-Signature", "header")
    ]
    assert described["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": stripe_events.SCHEMA}},
    }
    assert sorted(described["responses"]) == [
        "200",
        "400",
        "408",
        "409",
        "412",
        "413",
        "415",
        "417",
        "422",
        "500",
        "503",
    ]


def test_without_a_handler_events_are_counted_and_no_more(build_service, counted):
    client = build_service().app.test_client()
    assert summary(deliver(client, event())) == RECEIVED
    assert counted() == {"handled": 1.0}


def test_no_secret_and_nothing_of_a_body_is_logged(client, handler, telemetry, capfd):
    telemetry.logs.install()
    handler.failures = [RuntimeError("handler broke")]
    header = signature(GOOD)
    try:
        deliver(client, event(receipt_email="canary@serene-mail.com", description="canary text"))
        deliver(client, GOOD, **{"Stripe-Signature": header})
        deliver(client, GOOD.replace(b"evt_1", b"canary"), **{"Stripe-Signature": header})
    finally:
        telemetry.logs.uninstall()
    logged = "".join(capfd.readouterr())
    assert ("handler broke" in logged, logged.count('"logger":"access"')) == (True, 3)
    assert [
        secret
        for secret in ("canary", "whsec", header, header.partition("v1=")[2])
        if secret in logged
    ] == []
