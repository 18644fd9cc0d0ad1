"""A call carries its request's ids, is a span under it and part of its ``external`` phase.

With a real server and two client libraries.
"""

import itertools
import re
import time

import gevent
import pytest
import requests
import urllib3
from flask import Response
from gevent.event import Event
from opentelemetry.trace import SpanKind, StatusCode

from telemetry import Telemetry, current_record, http_client
from telemetry.requests.record import set_current_record
from tests.machine import PATIENCE_SECONDS
from tests.support.delivered import delivered
from tests.telemetry.calling_app import Peer, Shop

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def peer():
    peer = Peer()
    yield peer
    peer.server.stop()


def test_a_call_is_a_client_span_under_the_request_and_an_external_phase(peer):
    shop = Shop()

    def work():
        with shop.telemetry.http_client.http(
            "GET", f"{peer.url}/slow?card=4111111111111111", template="/slow"
        ) as call:
            call.answered(
                requests.get(
                    f"{peer.url}/slow", headers=call.headers, timeout=PATIENCE_SECONDS
                ).status_code
            )

    record, server, (span,) = shop.run(work, traceparent=CALLER, tracestate="vendor=1")

    assert peer.headers == [
        {
            "HTTP_X_REQUEST_ID": record.request_id,
            "HTTP_TRACEPARENT": CALLER.replace("00f067aa0ba902b7", f"{span.context.span_id:016x}"),
            "HTTP_TRACESTATE": "vendor=1",
        }
    ]
    assert (span.name, span.kind, span.parent.span_id, span.status.status_code) == (
        "GET /slow",
        SpanKind.CLIENT,
        server.context.span_id,
        StatusCode.UNSET,
    )
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": peer.server.server_port,
        "url.full": f"{peer.url}/slow?card=REDACTED",
        "url.template": "/slow",
    }
    assert 0.05 <= record.phase_seconds["external"] <= record.duration_seconds
    assert record.phase_seconds["external"] == pytest.approx(
        (span.end_time - span.start_time) / 1e9
    )


def test_its_time_is_in_server_timing(peer):
    shop = Shop()

    def work():
        with shop.telemetry.http_client.http("GET", peer.url):
            urllib3.request("GET", f"{peer.url}/slow")

    shop.work = work
    timing = shop.client.get("/", buffered=True).headers["Server-Timing"]
    assert float(re.search(r"external;dur=([\d.]+)", timing)[1]) >= 50


def test_server_timing_counts_an_open_call_and_the_record_counts_all_of_it():
    shop = Shop()

    def work():
        def body():
            with shop.telemetry.http_client.client_span("chat", {}):
                for _ in range(2):
                    gevent.sleep(0.03)
                    yield b"piece"

        pieces = body()
        first = next(pieces)
        return Response(itertools.chain([first], pieces))

    shop.work = work
    timing = shop.client.get("/", buffered=True).headers["Server-Timing"]
    milliseconds = float(re.search(r"external;dur=([\d.]+)", timing)[1])
    external = shop.records[-1].phase_seconds["external"]
    assert 30 <= milliseconds <= 1000 * external - 30
    span, _ = delivered(shop.telemetry.tracing.queue)
    assert external == pytest.approx((span.end_time - span.start_time) / 1e9)


def test_a_call_that_outlives_its_request_counts_up_to_the_requests_end():
    shop = Shop()
    ended = Event()

    def call(record):
        set_current_record(record)
        with shop.telemetry.http_client.client_span("chat", {}):
            ended.wait()

    def work():
        shop.live = current_record()
        shop.greenlet = gevent.spawn(call, shop.live)
        gevent.sleep(0.03)

    shop.work = work
    shop.client.get("/", buffered=True)
    record = shop.records[-1]
    before = dict(record.phase_seconds)
    assert 0 < before["external"] <= record.duration_seconds
    ended.set()
    shop.greenlet.join()
    assert (record.phase_seconds, shop.live.phase_seconds, shop.live.open_waits) == (
        before,
        before,
        [],
    )


def test_a_call_after_it_is_a_sibling_and_each_has_its_own_parent_id(peer):
    shop = Shop()

    def work():
        for _ in range(2):
            with shop.telemetry.http_client.http("GET", peer.url) as call:
                urllib3.request("GET", peer.url, headers=call.headers)

    _, server, spans = shop.run(work)
    assert [span.parent.span_id for span in spans] == [server.context.span_id] * 2
    assert [sent["HTTP_TRACEPARENT"].split("-")[2] for sent in peer.headers] == [
        f"{span.context.span_id:016x}" for span in spans
    ]


def test_an_unsampled_trace_is_passed_on_as_unsampled(peer):
    shop = Shop(OTEL_TRACES_SAMPLER_ARG="0")
    sent = []

    def work():
        with shop.telemetry.http_client.http("GET", peer.url) as call:
            sent.append(call.headers)
        sent.append(shop.telemetry.http_client.headers())

    shop.work = work
    shop.client.get("/", buffered=True)
    (record,) = shop.records
    assert [headers["X-Request-ID"] for headers in sent] == [record.request_id] * 2
    assert [headers["traceparent"].split("-")[1::2] for headers in sent] == [
        [record.trace_id, "02"]
    ] * 2  # random, not sampled
    assert record.phase_seconds.keys() == {"external", "other"}


@pytest.mark.parametrize(
    ("method", "path", "status", "name", "others", "verdict"),
    [
        ("GET", "/302", 302, "GET", {}, StatusCode.UNSET),
        ("GET", "/404", 404, "GET", {"error.type": "404"}, StatusCode.ERROR),
        ("GET", "/503", 503, "GET", {"error.type": "503"}, StatusCode.ERROR),
        (
            "BREW",
            "/200",
            200,
            "HTTP",
            {"http.request.method": "_OTHER", "http.request.method_original": "BREW"},
            StatusCode.UNSET,
        ),
    ],
)
def test_the_span_has_the_status_of_the_response(peer, method, path, status, name, others, verdict):
    shop = Shop()
    url = f"{peer.url}{path}".replace("//", "//user:pass@")

    def work():
        with shop.telemetry.http_client.http(method, url) as call:
            call.answered(
                requests.request(
                    method,
                    url,
                    headers=call.headers,
                    timeout=PATIENCE_SECONDS,
                    allow_redirects=False,
                ).status_code
            )

    _, _, (span,) = shop.run(work)
    assert (span.name, span.status.status_code) == (name, verdict)
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": status,
        "server.address": "127.0.0.1",
        "server.port": peer.server.server_port,
        "url.full": f"{peer.url}{path}",
        **others,
    }


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectionError("no"), "ConnectionError"),
        (gevent.Timeout(1), "Timeout"),
        (gevent.GreenletExit(), "GreenletExit"),
    ],
)
def test_a_call_without_a_response_is_an_error_of_its_kind_and_still_counts(error, kind):
    shop = Shop()

    def call():
        with shop.telemetry.http_client.client_span("GET key", {"db.system.name": "redis"}):
            time.sleep(0.01)
            raise error

    def work():
        with pytest.raises(type(error)):
            call()

    record, server, (span,) = shop.run(work)
    assert (span.name, dict(span.attributes), span.status.status_code, span.status.description) == (
        "GET key",
        {"db.system.name": "redis", "error.type": kind},
        StatusCode.ERROR,
        None,
    )
    assert span.parent.span_id == server.context.span_id
    assert record.phase_seconds["external"] >= 0.01


def test_outside_of_a_request_a_call_is_a_trace_of_its_own_without_ids():
    telemetry = Telemetry.from_env({"TELEMETRY_STRICT": "true"})
    assert http_client.headers() == telemetry.http_client.headers() == {}
    with telemetry.http_client.http("GET", "http://127.0.0.1/") as call:
        assert call.headers.keys() == {"traceparent", "tracestate"}
    (span,) = delivered(telemetry.tracing.queue, 1)
    assert span.parent is None


def test_switched_off_ids_are_not_passed_on(peer):
    shop = Shop(TELEMETRY_REQUEST_ID="false")

    def work():
        with shop.telemetry.http_client.http("GET", peer.url) as call:
            urllib3.request("GET", peer.url, headers=call.headers)

    shop.work = work
    assert "X-Request-ID" not in shop.client.get("/", buffered=True).headers
    assert peer.headers == [
        dict.fromkeys(("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE"))
    ]


def test_an_invalid_url_breaks_no_call():
    telemetry = Telemetry.from_env({})
    with telemetry.http_client.http("GET", "http://[half/") as call:
        assert call.headers.keys() == {"traceparent", "tracestate"}
    assert telemetry.registry.get_sample_value("telemetry_errors_total", {"where": "outgoing"}) == 1
