"""Each attempt of a call is a span of its request, counts as external time and carries the ids.

No secret is in any signal.
"""

import json
import os

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from service.payments.gateway import PaymentsUnavailable
from tests import stripe_mock as cards
from tests.service.payments.conftest import order
from tests.service.payments.peer import Peer, error


def unavailable(call):
    with pytest.raises(PaymentsUnavailable):
        call()


def attributes(
    url: str, path: str, status: int | None = None, **others: object
) -> dict[str, object]:
    """Return the attributes of one attempt's span."""
    response = {} if status is None else {"http.response.status_code": status}
    host, _, port = url.removeprefix("http://").partition(":")
    return {
        "http.request.method": "POST",
        "server.address": host,
        "server.port": int(port),
        "url.full": url + path,
        "url.template": path,
        **response,
        **others,
    }


@pytest.mark.parametrize(
    ("method", "status", "others", "verdict"),
    [
        (cards.TAKEN, 200, {}, StatusCode.UNSET),
        (cards.DECLINED, 402, {"error.type": "402"}, StatusCode.ERROR),
    ],
)
def test_a_payment_is_a_client_span_under_its_request_and_all_of_its_external_wait(
    shop, stripe_mock, key, method, status, others, verdict
):
    seen = shop.run(lambda: shop.payments.pay(**order(key, method)) and None)

    (span,) = seen.calls
    assert (span.name, span.kind, span.parent.span_id, span.status.status_code) == (
        "POST /v1/payment_intents",
        SpanKind.CLIENT,
        seen.server.context.span_id,
        verdict,
    )
    assert dict(span.attributes) == attributes(
        stripe_mock.url, "/v1/payment_intents", status, **others
    )
    assert seen.record.phase_seconds["external"] == pytest.approx(
        (span.end_time - span.start_time) / 1e9
    )


def test_a_refund_is_a_client_span_too(shop, stripe_mock, key):
    seen = shop.run(lambda: shop.payments.refund(payment_id="pi_1", amount=1, key=key) and None)
    (span,) = seen.calls
    assert (span.name, dict(span.attributes)) == (
        "POST /v1/refunds",
        attributes(stripe_mock.url, "/v1/refunds", 200),
    )


def test_each_attempt_is_a_span_and_the_pause_between_them_a_wait(shop_of, key):
    with Peer((500, error("api_error")), (503, error("api_error"))) as peer:
        shop = shop_of(STRIPE_API_BASE=peer.url, STRIPE_RETRIES="1")
        seen = shop.run(lambda: unavailable(lambda: shop.payments.pay(**order(key))))

    first, second = seen.calls
    expected = [
        attributes(peer.url, "/v1/payment_intents", status, **{"error.type": str(status)})
        for status in (500, 503)
    ]
    assert [dict(span.attributes) for span in seen.calls] == expected
    assert [span.parent.span_id for span in seen.calls] == [seen.server.context.span_id] * 2
    # The library pauses for half a second at least; it is in the trace as a gap, and in the phases
    # as a wait.
    whole_seconds = (second.end_time - first.start_time) / 1e9
    assert 0.5 < seen.record.phase_seconds["external"] <= whole_seconds + 0.1


@pytest.mark.parametrize(
    ("method", "kind"), [(cards.HANGS, "ReadTimeout"), (cards.LOST, "ConnectionError")]
)
def test_attempt_without_a_response_has_its_error_type(shop_of, stripe_mock, key, method, kind):
    shop = shop_of(**stripe_mock.environ | {"STRIPE_TIMEOUT_SECONDS": "0.3", "STRIPE_RETRIES": "0"})
    seen = shop.run(lambda: unavailable(lambda: shop.payments.pay(**order(key, method))))
    (span,) = seen.calls
    assert dict(span.attributes) == attributes(
        stripe_mock.url, "/v1/payment_intents", **{"error.type": kind}
    )
    assert span.status.status_code is StatusCode.ERROR


def test_a_call_carries_the_ids_of_its_request_and_nothing_of_the_machine(
    shop_of, key, monkeypatch
):
    sent = []

    class Noting(Peer):
        def respond(self, environ, start_response):
            sent.append(environ)
            return super().respond(environ, start_response)

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    intent = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": "succeeded",
        "amount": 9000,
        "currency": "eur",
    }
    with Noting((200, intent)) as peer:
        shop = shop_of(STRIPE_API_BASE=peer.url)
        seen = shop.run(
            lambda: [shop.payments.pay(**order(f"{key}{turn}")) for turn in range(2)] and None
        )

    assert [call["HTTP_X_REQUEST_ID"] for call in sent] == [seen.record.request_id] * 2
    assert [call["HTTP_TRACEPARENT"] for call in sent] == [
        f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-03" for span in seen.calls
    ]
    about = json.loads(sent[1]["HTTP_X_STRIPE_CLIENT_USER_AGENT"])
    assert (
        about.keys() & {"platform", "telemetry_id", "uname"},
        "HTTP_X_STRIPE_CLIENT_TELEMETRY" in sent[1],
    ) == (set(), False)
    assert len({call["REMOTE_PORT"] for call in sent}) == 1, "one connection for both"


def test_no_file_is_written_into_the_home_folder(shop_of, stripe_mock, key, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    shop_of(**stripe_mock.environ).payments.pay(**order(key))
    assert os.listdir(tmp_path) == []


def test_no_secret_is_in_a_log_a_span_or_a_metric(shop_of, stripe_mock, key, capfd):
    api_key = "sk_test_canarykey"
    shop = shop_of(
        **stripe_mock.environ
        | {"STRIPE_API_KEY": api_key, "OTEL_LOG_LEVEL": "debug", "LOG_LEVEL": "DEBUG"}
    )
    shop.telemetry.logs.install()
    methods = (cards.TAKEN, cards.DECLINED, cards.ACTION_REQUIRED, "4242424242424242")
    try:
        spans = [
            span
            for turn, method in enumerate(methods)
            for span in shop.run(
                lambda turn=turn, method=method: (
                    shop.payments.pay(**order(f"{key}{turn}", method)) and None
                )
            ).calls
        ]
        with Peer(
            (401, error("invalid_request_error")),
            (400, error("invalid_request_error", "canary_code")),
        ) as peer:
            other = shop_of(STRIPE_API_BASE=peer.url, STRIPE_API_KEY=api_key)
            spans += other.run(lambda: unavailable(lambda: other.payments.pay(**order(key)))).calls
            spans += other.run(
                lambda: other.payments.pay(**order(key))
            ).calls  # a mistake of ours: a 500, and its stack in the log
    finally:
        shop.telemetry.logs.uninstall()
    logged = "".join(capfd.readouterr())
    traced = "".join(repr((span.name, dict(span.attributes), span.events)) for span in spans)

    assert (len(spans), "Stripe rejects the API key" in logged, "PaymentRefused" in logged) == (
        6,
        True,
        True,
    )
    secrets = {api_key, "canarykey", "_secret_", "4242424242424242", "canary message", *methods}
    assert [secret for secret in secrets if secret in logged or secret in traced] == []
