"""A request that calls the app from within: the outer one is as it was, whatever the inner does."""

import gc

import gevent
import pytest
from flask import Flask, Response, request
from opentelemetry.trace import get_current_span

from telemetry import Telemetry
from telemetry.config import TelemetryConfig
from telemetry.names import ACTIVE_REQUESTS
from telemetry.requests import inheritance
from telemetry.requests.open_waits import line_of
from telemetry.requests.record import current_record, waiting
from tests.telemetry.requests.nesting import (
    KEPT,
    WAYS,
    get,
    get_in_greenlet,
    get_stream_and_keep_it,
    push_request_context,
    return_inner_response,
)


def state(telemetry):
    """What a request has in its greenlet."""
    record = current_record()
    return (
        record,
        record.request_id,
        record.trace_id,
        record.span_id,
        get_current_span(),
        line_of(gevent.getcurrent(), record),
        request.path,
        request.environ["telemetry.request_id"],
        telemetry.recorder.in_flight,
    )


class Site:
    """An app whose view calls the app in one way, and what it found before and after."""

    def __init__(self, way, source):
        config = TelemetryConfig(
            strict=True, traces_exporter="none", server_spans=source, request_log=False
        )
        self.telemetry = Telemetry(config)
        self.records = []
        self.states = []
        self.telemetry.recorder.add_sink("test", self.records.append)
        self.app = app = Flask("site")

        @app.get("/outer")
        def outer():
            self.states.append(state(self.telemetry))
            result = way(app)
            self.states.append(state(self.telemetry))
            return result

        @app.get("/other")
        def other():
            gevent.sleep(0)
            return f"{current_record().route};"

        @app.get("/fails")
        def fails():
            raise ValueError("inner")

        @app.get("/stream")
        def stream():
            return Response(part for part in ("a", "b", "c"))

        @app.get("/sleeps")
        def sleeps():
            gevent.sleep(60)
            return "late"

        @app.get("/nests")
        def nests():
            before = state(self.telemetry)
            text = get(app)
            assert state(self.telemetry) == before
            return text

        self.telemetry.init_app(app)
        self.telemetry.phases.start()
        inheritance.install()

    def active(self):
        """The gauge of requests in flight."""
        gauge = self.telemetry.metrics.gauge(ACTIVE_REQUESTS)
        return sum(sample.value for family in gauge.collect() for sample in family.samples)


@pytest.fixture
def site_of():
    built = []

    def build(way, source="wsgi"):
        built.append(Site(way, source))
        return built[-1]

    yield build
    KEPT.clear()
    for site in built:
        site.telemetry.phases.stop()
        inheritance.uninstall()


@pytest.mark.parametrize(
    ("source", "way"),
    [
        *(("wsgi", way) for way in WAYS),
        ("instrumentation-flask", get),
        ("instrumentation-flask", get_stream_and_keep_it),
        ("instrumentation-flask", get_in_greenlet),
        ("instrumentation-flask", return_inner_response),
        ("instrumentation-flask", push_request_context),
    ],
    ids=lambda given: getattr(given, "__name__", given),
)
def test_outer_request_is_as_before_and_none_stays_in_flight(site_of, source, way):
    site = site_of(way, source)
    response = gevent.spawn(lambda: site.app.test_client().get("/outer", buffered=True)).get()
    gc.collect()
    before, after = site.states
    assert after == before
    assert len(before[-1]) == 1
    assert response.status_code == 200
    outer = site.records[-1]
    assert (outer.route, outer.status, outer.outcome, outer.error_type) == (
        "/outer",
        200,
        "completed",
        "",
    )
    assert response.headers.getlist("X-Request-ID") == [outer.request_id]
    assert site.telemetry.recorder.in_flight == ()
    assert site.active() == 0
    # A drain finds no request that it had to cut.
    assert site.telemetry.recorder._nested == {}


def test_inner_request_is_recorded_in_the_trace_of_the_outer(site_of):
    site = site_of(get)
    site.app.test_client().get("/outer", buffered=True)
    inner, outer = site.records
    assert (inner.route, inner.status, inner.outcome) == ("/other", 200, "completed")
    assert inner.request_id != outer.request_id
    assert inner.trace_id == outer.trace_id
    assert inner.parent_span_id == outer.span_id


def test_inner_request_with_a_traceparent_keeps_it(site_of):
    header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    site = site_of(
        lambda app: app.test_client().get("/other", headers={"traceparent": header}).text
    )
    site.app.test_client().get("/outer", buffered=True)
    inner, outer = site.records
    assert inner.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736" != outer.trace_id


def test_inner_request_is_served_in_a_drain(site_of):
    def drain_and_get(app):
        site.telemetry.lifecycle.drain("test")
        site.telemetry.lifecycle.stop_accepting()
        return get(app)

    site = site_of(drain_and_get)
    site.telemetry.lifecycle.ready()
    response = site.app.test_client().get("/outer", buffered=True)
    assert (response.status_code, response.text) == (200, "/other;")


def test_waits_of_the_outer_request_go_on_with_it(site_of):
    def get_and_sleep(app):
        text = get(app)
        with waiting("db"):
            gevent.sleep(0.02)
        return text

    site = site_of(get_and_sleep)
    site.app.test_client().get("/outer", buffered=True)
    inner, outer = site.records
    assert (outer.phase_seconds["db"] >= 0.015, "db" in inner.phase_seconds) == (True, False)
    assert outer.phase_seconds["cpu"] > 0


def test_response_that_a_client_holds_open_makes_no_later_request_nested(site_of):
    site = site_of(get)
    client = site.app.test_client()
    held = client.get("/stream")
    later = client.get("/other", buffered=True)
    (record,) = site.records
    assert later.headers["X-Request-ID"] == record.request_id
    assert record.trace_id == record.request_id.replace("-", "")
    held.close()
    assert [each.route for each in site.records] == ["/other", "/stream"]
    assert site.telemetry.recorder.in_flight == ()


def test_stream_that_calls_the_app_goes_on_as_itself(site_of):
    def stream_of_others(app):
        def parts():
            for _ in range(3):
                before = current_record()
                yield get(app)
                assert current_record() is before

        return Response(parts())

    site = site_of(stream_of_others)
    response = site.app.test_client().get("/outer", buffered=True)
    assert response.text == "/other;" * 3
    outer = site.records[-1]
    assert [each.trace_id for each in site.records] == [outer.trace_id] * 4
