"""Trace contexts are read from callers, and written to calls, as ``OTEL_PROPAGATORS`` names."""

import sys

import gevent
import pytest
from flask import Flask
from opentelemetry import baggage
from opentelemetry.context import Context

from telemetry import Telemetry
from telemetry.extras import MissingExtraError
from telemetry.propagation import MAX_BAGGAGE_LENGTH, baggage_context
from telemetry.requests import inheritance
from telemetry.requests.record import current_record

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OTHER_TRACE, OTHER_SPAN = "a" * 32, "b" * 16
SHORT_TRACE = "a3ce929d0e0e4736"

TRACEPARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
B3 = {"b3": f"{OTHER_TRACE}-{OTHER_SPAN}-1"}
B3_MULTI = {"X-B3-TraceId": OTHER_TRACE, "X-B3-SpanId": OTHER_SPAN, "X-B3-Sampled": "1"}
BAGGAGE = {"baggage": "tier=gold,region=eu%2Cwest"}

NOT_ADOPTED = None
FROM_W3C = (TRACE, SPAN, True)
FROM_B3 = (OTHER_TRACE, OTHER_SPAN, True)


class Shop:
    """An app whose one route notes the headers that a call of it would carry."""

    def __init__(self, **environ):
        self.telemetry = Telemetry.from_env({"TELEMETRY_STRICT": "true", **environ})
        self.records, self.outgoing, self.baggage = [], [], []
        app = Flask("shop")
        app.add_url_rule("/", view_func=self.view)
        self.telemetry.init_app(app)
        self.client = app.test_client()
        self.work = self.note

    def view(self):
        self.records.append(current_record())
        self.work()
        return "done"

    def note(self):
        """Keep what an outgoing call would carry, and the current baggage."""
        self.outgoing.append(self.telemetry.http_client.headers())
        self.baggage.append(dict(baggage.get_all()))

    def get(self, headers, address="127.0.0.1"):
        """Serve one request; returns the parent that its record has, or None."""
        self.client.get("/", headers=headers, environ_base={"REMOTE_ADDR": address}, buffered=True)
        record = self.records[-1]
        if not record.parent_span_id:
            return NOT_ADOPTED
        return record.trace_id, record.parent_span_id, record.parent_sampled


@pytest.mark.parametrize(
    ("propagators", "headers", "parent"),
    [
        ("tracecontext", TRACEPARENT, FROM_W3C),
        ("tracecontext", B3, NOT_ADOPTED),
        ("baggage", TRACEPARENT, NOT_ADOPTED),
        ("none", TRACEPARENT | B3, NOT_ADOPTED),
        ("b3", B3, FROM_B3),
        ("b3", B3_MULTI, FROM_B3),
        ("b3multi", B3, FROM_B3),
        ("b3multi", B3_MULTI, FROM_B3),
        ("b3", TRACEPARENT, NOT_ADOPTED),
        ("b3", {"b3": f"{SHORT_TRACE}-{SPAN}-0"}, ("0" * 16 + SHORT_TRACE, SPAN, False)),
        ("b3", {"b3": f"{TRACE}-{SPAN}-d"}, FROM_W3C),
        ("b3", {"b3": "0"}, NOT_ADOPTED),
        ("b3", {"b3": f"{'0' * 32}-{SPAN}-1"}, NOT_ADOPTED),
        ("b3", {"b3": "x" * 100_000}, NOT_ADOPTED),
        # Of several that are valid the last counts; one that is not changes nothing.
        ("tracecontext,b3", TRACEPARENT | B3, FROM_B3),
        ("b3,tracecontext", TRACEPARENT | B3, FROM_W3C),
        ("tracecontext,b3", TRACEPARENT | {"b3": "broken"}, FROM_W3C),
        ("tracecontext,b3", B3, FROM_B3),
    ],
)
def test_caller_is_followed_in_the_formats_that_are_set(propagators, headers, parent):
    assert Shop(OTEL_PROPAGATORS=propagators).get(headers) == parent


@pytest.mark.parametrize(
    ("propagators", "names"),
    [
        ("", {"X-Request-ID", "traceparent", "tracestate"}),
        ("tracecontext,baggage", {"X-Request-ID", "traceparent", "tracestate", "baggage"}),
        ("b3", {"X-Request-ID", "b3"}),
        ("b3multi", {"X-Request-ID", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled"}),
        ("none", {"X-Request-ID"}),
    ],
)
def test_outgoing_calls_carry_the_formats_that_are_set(propagators, names):
    shop = Shop(OTEL_PROPAGATORS=propagators)
    shop.get(BAGGAGE)
    (headers,), (record,) = shop.outgoing, shop.records
    assert headers.keys() == names
    if "b3" in names:
        assert headers["b3"] == f"{record.trace_id}-{record.span_id}-1"


def test_baggage_of_the_caller_is_passed_on_and_ends_with_the_request():
    shop = Shop(OTEL_PROPAGATORS="tracecontext,baggage")
    shop.get(TRACEPARENT | BAGGAGE)
    shop.get({})
    assert shop.baggage == [{"tier": "gold", "region": "eu,west"}, {}]
    assert shop.outgoing[0]["baggage"] == "tier=gold,region=eu%2Cwest"
    assert dict(baggage.get_all()) == {}


def test_baggage_is_ignored_unless_it_is_asked_for():
    shop = Shop()
    shop.get(BAGGAGE)
    assert (shop.baggage, "baggage" in shop.outgoing[0]) == ([{}], False)


def test_only_trusted_proxies_are_followed_where_the_setting_narrows_it():
    shop = Shop(
        OTEL_PROPAGATORS="b3,baggage",
        TELEMETRY_TRACEPARENT_FROM="trusted-proxies",
        TELEMETRY_TRUSTED_PROXIES="10.0.0.0/8",
    )
    assert [shop.get(B3 | BAGGAGE, address) for address in ("10.0.0.1", "192.0.2.1")] == [
        FROM_B3,
        NOT_ADOPTED,
    ]
    assert shop.baggage == [{"tier": "gold", "region": "eu,west"}, {}]


def test_baggage_is_bounded_and_what_cannot_be_read_is_left_out():
    shop = Shop(OTEL_PROPAGATORS="baggage")
    shop.get({"baggage": "k=" + "v" * 100_000})
    assert len(shop.records[0].parent_baggage) == MAX_BAGGAGE_LENGTH
    assert baggage_context("") == Context()
    assert dict(baggage.get_all(baggage_context("=,;"))) == {}


def test_greenlets_of_a_request_see_its_baggage():
    shop = Shop(OTEL_PROPAGATORS="baggage")
    inheritance.install()
    try:
        shop.work = lambda: gevent.spawn(shop.note).join()
        shop.get(BAGGAGE)
    finally:
        inheritance.uninstall()
    assert shop.baggage == [{"tier": "gold", "region": "eu,west"}]


def test_b3_without_its_library_is_one_line_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.propagators.b3", None)
    with pytest.raises(MissingExtraError) as raised:
        Telemetry.from_env({"OTEL_PROPAGATORS": "b3"})
    assert str(raised.value) == (
        "OTEL_PROPAGATORS='b3': this format needs packages that are not installed: "
        'pip install "serene-telemetry[b3]"'
    )
