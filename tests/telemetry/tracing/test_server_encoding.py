"""A server span written straight from its record is the one that its attributes would make."""

import functools
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.names import OTHER_METHOD, UNMATCHED_ROUTE, Phase
from telemetry.requests.record import RequestRecord
from telemetry.tracing import Tracing, WsgiServerSpans
from telemetry.tracing.attributes import is_error, server_span_attributes, span_name
from tests.support.delivered import delivered

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
HOSTS = st.sampled_from(["", "a.example", "a.example:8000", "[::1]:1", "bad:port", "x" * 300])
OUTCOMES = st.sampled_from(["completed", "failed", "killed", "timeout", "client_disconnected"])


@functools.cache
def tracing():
    guard = Guard(strict=True, on_error=print)
    return Tracing(TelemetryConfig(sampler="always_on"), Metrics(), guard)


RECORDS = st.builds(
    RequestRecord,
    request_id=st.uuids(version=4).map(str),
    trace_id=st.integers(1, 2**128 - 1).map("{:032x}".format),
    method=TEXTS,
    method_label=st.sampled_from(["GET", "POST", OTHER_METHOD]),
    path=TEXTS,
    query=TEXTS,
    scheme=st.sampled_from(["http", "https", ""]),
    host=HOSTS,
    client_address=TEXTS,
    user_agent=TEXTS,
    started_unix_ns=st.integers(1, 2**62),
    started_ns=st.just(0),
    peer_address=TEXTS,
    correlation_ids=st.lists(TEXTS, max_size=3).map(tuple),
    route=st.sampled_from([UNMATCHED_ROUTE, "/posts", "/posts/<slug>"]),
    status=st.none() | st.integers(100, 599),
    response_bytes=st.integers(0, 2**40),
    duration_seconds=st.floats(0, 1000),
    error_type=st.sampled_from(["", "KeyError"]),
    outcome=OUTCOMES,
    dominant_phase=st.sampled_from(["", "db"]),
    phase_seconds=st.dictionaries(st.sampled_from(get_args(Phase)), st.floats(1e-9, 1e9)),
)


@settings(max_examples=150, deadline=None)
@given(record=RECORDS, protocol=st.sampled_from(["HTTP/1.1", "HTTP/1.0", ""]))
def test_span_written_from_the_record_is_that_of_its_attributes(record, protocol):
    spans, queue = WsgiServerSpans(tracing()), tracing().queue
    spans.open(record, {"SERVER_PROTOCOL": protocol})
    spans.close(record)
    [span] = delivered(queue)
    assert span.attributes == server_span_attributes(record, protocol)
    assert span.name == span_name(record)
    assert (span.status.status_code.name == "ERROR") == is_error(record)
    assert span.start_time == record.started_unix_ns


def test_texts_with_lone_surrogates_do_not_cost_the_span(make_record, serve, spans_in):
    serve(tracing(), lambda: None, {"path": "/\udcff", "query": "\udcff", "user_agent": "\udcff"})
    [span] = spans_in(tracing().queue)
    assert [span.attributes[name] for name in ("url.path", "url.query", "user_agent.original")] == [
        "/?",
        "?",
        "?",
    ]


def test_attributes_of_user_code_are_kept_and_the_requests_win(tracing_of, serve, spans_in):
    own = tracing_of()

    def work():
        get_current_span().set_attributes({"user.id": 7, "http.route": "/forged"})
        get_current_span().add_event("happened")

    serve(own, work)
    [span] = spans_in(own.queue)
    assert (span.attributes["user.id"], span.attributes["http.route"]) == (7, "/posts")
    assert [event.name for event in span.events] == ["happened"]


def test_small_limits_hold_for_the_layers_own_attributes(tracing_of, serve, spans_in):
    own = tracing_of(span_attribute_length=4)
    serve(own, lambda: None)
    [span] = spans_in(own.queue)
    assert span.attributes["url.path"] == "/pos"
