"""An outgoing call carries its request's ids, is a span under it and a wait on its record: with a
real server and two client libraries.
"""

import itertools
import re
import time

import gevent
import pytest
import requests
import urllib3
from flask import Flask, Response
from gevent import pywsgi
from gevent.event import Event
from opentelemetry.trace import SpanKind, StatusCode

from telemetry import Telemetry, current_record, http_client
from telemetry.requests.record import set_current_record
from tests.machine import PATIENCE_SECONDS

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Peer:
    """A server that notes the headers it is sent; ``/slow`` takes its time, ``/4xx`` and the like
    answer so.
    """

    def __init__(self):
        self.headers = []
        self.server = pywsgi.WSGIServer(("127.0.0.1", 0), self.answer, log=None)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, environ, start_response):
        self.headers.append(
            {
                name: environ.get(name)
                for name in ("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE")
            }
        )
        path = environ["PATH_INFO"]
        if path == "/slow":
            gevent.sleep(0.05)
        start_response(f"{path[1:]} Some" if path[1:].isdigit() else "200 OK", [])
        return [b"answered"]


@pytest.fixture
def peer():
    peer = Peer()
    yield peer
    peer.server.stop()


class Shop:
    """An app whose one route runs ``work``, behind the whole layer."""

    def __init__(self, **environ):
        self.telemetry = Telemetry.from_env(
            {"TELEMETRY_STRICT": "true", "TELEMETRY_CPU_PHASE": "false", **environ}
        )
        self.records = []
        self.telemetry.recorder.add_sink("test", self.records.append)
        app = Flask("shop")
        app.add_url_rule("/", view_func=lambda: self.work() or "done")
        self.telemetry.init_app(app)
        self.client = app.test_client()

    def run(self, work, **headers):
        """Serve one request; returns its record, its own span and those of its calls, in the order
        of their ends.
        """
        self.work = work
        self.client.get("/", headers=headers, buffered=True)
        *calls, server = self.telemetry.tracing.queue.take(10)
        return self.records[-1], server, calls


def test_a_call_is_a_client_span_under_the_request_and_a_wait_of_it(peer):
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
            "HTTP_TRACEPARENT": f"00-4bf92f3577b34da6a3ce929d0e0e4736-{span.context.span_id:016x}-01",
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
    assert 0.05 <= record.waits["external"] <= record.duration_seconds
    assert record.waits["external"] == pytest.approx((span.end_time - span.start_time) / 1e9)


def test_its_time_is_told_in_server_timing(peer):
    shop = Shop()

    def work():
        with shop.telemetry.http_client.http("GET", peer.url):
            urllib3.request("GET", f"{peer.url}/slow")

    shop.work = work
    timing = shop.client.get("/", buffered=True).headers["Server-Timing"]
    assert float(re.search(r"external;dur=([\d.]+)", timing)[1]) >= 50


def test_a_response_that_begins_in_the_middle_of_a_call_tells_of_it_too_and_the_record_has_all_of_it():
    shop = Shop()

    def work():
        def body():
            with shop.telemetry.http_client.wait("chat", {}):
                for _ in range(2):
                    gevent.sleep(0.03)
                    yield b"piece"

        pieces = body()
        first = next(pieces)
        return Response(itertools.chain([first], pieces))

    shop.work = work
    timing = shop.client.get("/", buffered=True).headers["Server-Timing"]
    told = float(re.search(r"external;dur=([\d.]+)", timing)[1])
    assert 30 <= told <= 1000 * shop.records[-1].waits["external"] - 30
    span, _ = shop.telemetry.tracing.queue.take(10)
    assert shop.records[-1].waits == {
        "external": pytest.approx((span.end_time - span.start_time) / 1e9)
    }
    assert shop.records[-1].under_way == []


def test_a_call_that_outlives_its_request_counts_up_to_the_requests_end():
    shop = Shop()
    ended = Event()

    def call(record):
        set_current_record(record)
        with shop.telemetry.http_client.wait("chat", {}):
            ended.wait()

    def work():
        shop.greenlet = gevent.spawn(call, current_record())
        gevent.sleep(0.03)

    shop.work = work
    shop.client.get("/", buffered=True)
    record = shop.records[-1]
    before = dict(record.waits)
    assert 0 < before["external"] <= record.duration_seconds
    ended.set()
    shop.greenlet.join()
    assert (record.waits, record.under_way) == (before, [])


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


def test_a_trace_that_is_not_kept_is_passed_on_as_such(peer):
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
    assert record.waits.keys() == {"external"}


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
def test_the_span_says_how_it_was_answered(peer, method, path, status, name, others, verdict):
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
def test_a_call_that_never_comes_back_is_an_error_of_its_kind_and_still_a_wait(error, kind):
    shop = Shop()

    def work():
        with (
            pytest.raises(type(error)),
            shop.telemetry.http_client.wait("GET key", {"db.system.name": "redis"}),
        ):  # noqa: PT012
            time.sleep(0.01)
            raise error

    record, server, (span,) = shop.run(work)
    assert (span.name, dict(span.attributes), span.status.status_code, span.status.description) == (
        "GET key",
        {"db.system.name": "redis", "error.type": kind},
        StatusCode.ERROR,
        None,
    )
    assert span.parent.span_id == server.context.span_id
    assert record.waits["external"] >= 0.01


def test_outside_of_a_request_nothing_is_passed_on_and_the_call_is_a_trace_of_its_own():
    telemetry = Telemetry.from_env({"TELEMETRY_STRICT": "true"})
    assert http_client.headers() == telemetry.http_client.headers() == {}
    with telemetry.http_client.http("GET", "http://127.0.0.1/") as call:
        assert call.headers.keys() == {"traceparent"}
    (span,) = telemetry.tracing.queue.take(1)
    assert span.parent is None


def test_switched_off_ids_stay_here(peer):
    shop = Shop(TELEMETRY_REQUEST_ID="false")

    def work():
        with shop.telemetry.http_client.http("GET", peer.url) as call:
            urllib3.request("GET", peer.url, headers=call.headers)

    shop.work = work
    assert "X-Request-ID" not in shop.client.get("/", buffered=True).headers
    assert peer.headers == [
        dict.fromkeys(("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE"))
    ]


def test_a_url_that_cannot_be_read_breaks_no_call():
    telemetry = Telemetry.from_env({})
    with telemetry.http_client.http("GET", "http://[half/") as call:
        assert call.headers.keys() == {"traceparent"}
    assert telemetry.registry.get_sample_value("telemetry_errors_total", {"where": "outgoing"}) == 1
