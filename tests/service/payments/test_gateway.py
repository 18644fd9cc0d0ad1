"""Payments and refunds on the real stripe-mock: each response is a payment or one of two errors."""

import re
from dataclasses import replace

import gevent
import pytest

from service.payments.gateway import PaymentRefused, PaymentsUnavailable
from service.payments.model import Payment, Refund
from tests import stripe_mock as cards
from tests.service.payments.conftest import order
from tests.service.payments.peer import Peer, error


@pytest.mark.parametrize(
    ("method", "status"),
    [
        (cards.TAKEN, "succeeded"),
        ("pm_card_mastercard", "succeeded"),
        (cards.DECLINED, "declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "declined"),
        (cards.PROCESSING, "processing"),
    ],
)
def test_payment_has_the_status_that_stripe_reports(shop, stripe_mock, key, method, status):
    paid = shop.payments.pay(**order(key, method))

    (entry,) = stripe_mock.ledger(key)
    intent = (
        entry["answer"] if "id" in entry["answer"] else entry["answer"]["error"]["payment_intent"]
    )
    assert paid == Payment(intent["id"], status, 9000, "eur")
    assert (intent["amount"], intent["currency"], intent["metadata"]) == (
        9000,
        "eur",
        {"booking_id": "booking-1"},
    )
    assert shop.counted() == {("pay", status): 1.0}


def test_payment_that_needs_the_payer_has_a_client_secret_outside_its_repr(shop, stripe_mock, key):
    paid = shop.payments.pay(**order(key, cards.ACTION_REQUIRED))
    (entry,) = stripe_mock.ledger(key)
    assert paid == Payment(
        entry["answer"]["id"], "action_required", 9000, "eur", entry["answer"]["client_secret"]
    )
    assert re.fullmatch(r"pi_\w+_secret_\w+", paid.client_secret)
    assert "secret" not in repr(paid)


@pytest.mark.parametrize("method", ["card_nobody_has", "4242424242424242", "x" * 6000])
def test_unknown_card_is_declined(shop, key, method):
    assert shop.payments.pay(**order(key, method)) == Payment("", "declined", 9000, "eur")
    assert shop.counted() == {("pay", "declined"): 1.0}


@pytest.mark.parametrize("method", [cards.TAKEN, cards.DECLINED])
def test_the_same_key_is_the_same_payment(shop, stripe_mock, key, method):
    first, again = (shop.payments.pay(**order(key, method)) for _ in range(2))
    assert first == again
    assert [entry["calls"] for entry in stripe_mock.ledger(key)] == [2]


def test_open_payment_is_read_again_when_its_call_is_repeated(shop, stripe_mock, key):
    first, again = (shop.payments.pay(**order(key, cards.PROCESSING)) for _ in range(2))
    assert again == replace(first, status="succeeded")
    (entry,) = stripe_mock.ledger(key)
    assert (entry["calls"], entry["answer"]["status"]) == (2, "processing")
    assert shop.counted() == {("pay", "processing"): 1.0, ("pay", "succeeded"): 1.0}


def test_payment_that_waits_for_the_payer_keeps_its_state(shop, key):
    first, again = (shop.payments.pay(**order(key, cards.ACTION_REQUIRED)) for _ in range(2))
    assert again == first


def test_the_same_key_at_once_is_the_same_payment(shop, stripe_mock, key):
    greenlets = [gevent.spawn(shop.payments.pay, **order(key)) for _ in range(20)]
    gevent.joinall(greenlets, timeout=60, raise_error=True)
    assert len({greenlet.value for greenlet in greenlets}) == 1
    assert [entry["calls"] for entry in stripe_mock.ledger(key)] == [20]


def test_the_same_key_for_another_request_is_refused(shop, key):
    shop.payments.pay(**order(key))
    with pytest.raises(PaymentRefused, match=r"^IdempotencyError, Stripe's request req_serene$"):
        shop.payments.pay(**order(key, amount=1))
    assert shop.counted() == {("pay", "succeeded"): 1.0, ("pay", "error"): 1.0}


def test_request_outside_stripes_specification_is_refused(shop, key):
    with pytest.raises(PaymentRefused, match=r"^InvalidRequestError, Stripe's request req_"):
        shop.payments.pay(**order(key, amount="a lot"))


def test_refund_has_an_id_and_the_same_key_is_the_same_refund(shop, stripe_mock, key):
    paid = shop.payments.pay(**order(f"pay-{key}"))
    names = {
        shop.payments.refund(payment_id=paid.payment_id, amount=4500, key=key).refund_id
        for _ in range(2)
    }

    (entry,) = stripe_mock.ledger(key)
    assert names == {entry["answer"]["id"]}
    assert (entry["calls"], entry["answer"]["payment_intent"], entry["answer"]["amount"]) == (
        2,
        paid.payment_id,
        4500,
    )
    assert shop.counted() == {("pay", "succeeded"): 1.0, ("refund", "succeeded"): 2.0}


def test_earlier_refund_is_not_an_error(shop_of, key):
    listed = {
        "object": "list",
        "data": [{"id": "re_before", "object": "refund"}],
        "has_more": False,
    }
    with Peer(
        (400, error("invalid_request_error", "charge_already_refunded")), (200, listed)
    ) as peer:
        assert shop_of(STRIPE_API_BASE=peer.url).payments.refund(
            payment_id="pi_1", amount=4500, key=key
        ) == Refund("re_before", "succeeded", 0)
        assert peer.requests == [("POST /v1/refunds", key), ("GET /v1/refunds", "")]


def test_unknown_payment_cannot_be_refunded(shop_of, key):
    with Peer(
        (404, error("invalid_request_error", "resource_missing", param="payment_intent"))
    ) as peer:
        shop = shop_of(STRIPE_API_BASE=peer.url)
        with pytest.raises(PaymentRefused, match=r"^resource_missing, Stripe's request req_peer$"):
            shop.payments.refund(payment_id="pi_none", amount=1, key=key)
        assert shop.counted() == {("refund", "error"): 1.0}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("requires_confirmation", "action_required"),
        ("requires_payment_method", "declined"),
        ("canceled", "declined"),
        ("a_state_of_next_year", "processing"),
    ],
)
def test_every_stripe_state_has_a_payment_status(shop_of, key, status, expected):
    intent = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": status,
        "amount": 9000,
        "currency": "eur",
        "client_secret": None,
    }
    with Peer((200, intent)) as peer:
        assert shop_of(STRIPE_API_BASE=peer.url).payments.pay(**order(key)) == Payment(
            "pi_1", expected, 9000, "eur"
        )


@pytest.mark.parametrize(
    ("status", "body", "message", "attempts"),
    [
        (500, error("api_error"), "APIError", 2),
        (503, error("api_error"), "APIError", 2),
        (502, "<html>Bad Gateway</html>", "APIError", 2),
        (409, error("invalid_request_error", "lock_timeout"), "APIError", 2),
        (429, error("invalid_request_error", "rate_limit"), "RateLimitError", 1),
        (200, "no JSON", "APIError", 1),
        (401, error("invalid_request_error"), "the API key is rejected", 1),
        (403, error("invalid_request_error"), "the API key is rejected", 1),
    ],
)
def test_unknown_result_is_unavailable_and_repeated_with_the_same_key(
    shop_of, key, status, body, message, attempts
):
    with Peer((status, body)) as peer:
        shop = shop_of(STRIPE_API_BASE=peer.url, STRIPE_RETRIES="1")
        with pytest.raises(PaymentsUnavailable) as raised:
            shop.payments.pay(**order(key))
        assert (str(raised.value), raised.value.__suppress_context__) == (message, True)
        assert peer.requests == [("POST /v1/payment_intents", key)] * attempts
        assert shop.counted() == {("pay", "unavailable"): 1.0}


@pytest.mark.parametrize("method", [cards.FAILS, cards.LIMITED, cards.HANGS])
def test_nothing_is_taken_where_stripe_fails_limits_or_hangs(shop_of, stripe_mock, key, method):
    shop = shop_of(**stripe_mock.environ | {"STRIPE_TIMEOUT_SECONDS": "0.3", "STRIPE_RETRIES": "0"})
    with pytest.raises(PaymentsUnavailable):
        shop.payments.pay(**order(key, method))
    assert stripe_mock.ledger(key) == []


def test_call_with_a_lost_response_is_repeated_and_charges_once(shop, stripe_mock, key):
    paid = shop.payments.pay(**order(key, cards.LOST))
    (entry,) = stripe_mock.ledger(key)
    assert (paid, entry["calls"]) == (Payment(entry["answer"]["id"], "succeeded", 9000, "eur"), 2)


def test_lost_response_without_retry_is_unavailable_and_the_next_call_finds_the_payment(
    shop_of, stripe_mock, key
):
    shop = shop_of(**stripe_mock.environ | {"STRIPE_RETRIES": "0"})
    with pytest.raises(PaymentsUnavailable, match=r"^ConnectionError$"):
        shop.payments.pay(**order(key, cards.LOST))
    assert shop.payments.pay(**order(key, cards.LOST)).status == "succeeded"
    assert shop.counted() == {("pay", "unavailable"): 1.0, ("pay", "succeeded"): 1.0}


def test_missing_server_is_unavailable_and_used_again_after_its_return(
    shop_of, own_stripe_mock, key
):
    shop = shop_of(**own_stripe_mock.environ | {"STRIPE_RETRIES": "0"})
    assert shop.payments.pay(**order(f"before-{key}")).status == "succeeded"
    own_stripe_mock.stop()
    with pytest.raises(PaymentsUnavailable, match=r"^ConnectionError$"):
        shop.payments.pay(**order(key))
    own_stripe_mock.start()
    assert shop.payments.pay(**order(key)).status == "succeeded"


def test_call_to_a_hanging_server_times_out_and_its_connection_is_not_reused(
    shop_of, own_stripe_mock, key
):
    shop = shop_of(
        **own_stripe_mock.environ | {"STRIPE_TIMEOUT_SECONDS": "0.3", "STRIPE_RETRIES": "0"}
    )
    shop.payments.pay(**order(f"before-{key}"))
    own_stripe_mock.freeze()
    with pytest.raises(PaymentsUnavailable, match=r"^ReadTimeout$"):
        shop.payments.pay(**order(key))
    own_stripe_mock.thaw()
    assert shop.payments.refund(
        payment_id="pi_other", amount=1, key=f"after-{key}"
    ).refund_id.startswith("re_")


def test_call_to_a_server_that_sends_single_bytes_times_out(shop_of, key):
    with Peer((200, "trickle")) as peer:
        shop = shop_of(
            STRIPE_API_BASE=peer.url, STRIPE_TIMEOUT_SECONDS="1", STRIPE_CALL_SECONDS="0.3"
        )
        with pytest.raises(PaymentsUnavailable, match="no response in time"):
            shop.payments.pay(**order(key))
        assert peer.requests == [("POST /v1/payment_intents", key)]


def test_time_limit_of_the_caller_is_raised_to_the_caller(shop, key):
    with pytest.raises(gevent.Timeout) as raised, gevent.Timeout(0.2) as limit:
        shop.payments.pay(**order(key, cards.HANGS))
    assert raised.value is limit


def test_a_slow_payment_keeps_no_other_greenlet_waiting(shop, key):
    slow = gevent.spawn(shop.payments.pay, **order(key, "pm_serene_wait_2s"))
    quick = gevent.spawn(shop.payments.pay, **order(f"quick-{key}"))
    assert quick.get(timeout=60).status == "succeeded"
    assert not slow.ready()
    assert slow.get(timeout=60).status == "succeeded"
