"""The ids and the client of a request: claims count only from peers that may make them."""

import math
import uuid

import pytest

from telemetry.config import TelemetryConfig
from telemetry.requests.parsing import MAX_TEXT_LENGTH, RequestParser
from telemetry.requests.record import RequestRecord

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
UUID4 = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
TRUSTING = {"TELEMETRY_TRUSTED_PROXIES": "10.0.0.0/8"}


def parse(environ=None, settings=None):
    base = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/posts",
        "QUERY_STRING": "tag=calm",
        "REMOTE_ADDR": "192.0.2.9",
        "HTTP_HOST": "serene.test",
        "HTTP_USER_AGENT": "test/1",
        "wsgi.url_scheme": "https",
    }
    return RequestParser(TelemetryConfig.from_env(settings or {})).parse(
        {**base, **(environ or {})}
    )


def test_request_without_claims_has_a_fresh_uuid_that_is_its_trace_id():
    record = parse()
    assert uuid.UUID(record.request_id).version == 4
    assert record.started_ns > 0
    assert record.started_unix_ns > 0
    expected = RequestRecord(
        request_id=record.request_id,
        trace_id=uuid.UUID(record.request_id).hex,
        method="GET",
        method_label="GET",
        path="/posts",
        query="tag=REDACTED",
        scheme="https",
        host="serene.test",
        client_address="192.0.2.9",
        peer_address="192.0.2.9",
        user_agent="test/1",
        started_unix_ns=record.started_unix_ns,
        started_ns=record.started_ns,
        slow_after_seconds=1.0,
    )
    facts = {name: getattr(record, name) for name in RequestRecord.__slots__}
    assert facts == {name: getattr(expected, name) for name in RequestRecord.__slots__}


@pytest.mark.parametrize(
    ("peer", "settings", "claimed", "honoured"),
    [
        ("10.0.0.1", TRUSTING, UUID4, True),
        ("192.0.2.9", TRUSTING, UUID4, False),
        ("10.0.0.1", {}, UUID4, False),
        (
            "10.0.0.1",
            TRUSTING,
            "6f1c1f6e-8f7e-1a3b-9c1d-2e3f4a5b6c7d",
            False,
        ),  # version 1: guessable
        ("10.0.0.1", TRUSTING, "not-an-id", False),
    ],
)
def test_request_id_of_a_client_counts_only_from_a_trusted_proxy_and_as_uuid4(
    peer, settings, claimed, honoured
):
    record = parse({"REMOTE_ADDR": peer, "HTTP_X_REQUEST_ID": claimed}, settings)
    assert (record.request_id == claimed) is honoured
    assert record.trace_id == uuid.UUID(record.request_id).hex


@pytest.mark.parametrize(
    ("setting", "peer", "adopted"),
    [
        ("anyone", "192.0.2.9", True),
        ("trusted-proxies", "192.0.2.9", False),
        ("trusted-proxies", "10.0.0.1", True),
    ],
)
def test_traceparent_names_the_trace_when_its_sender_is_accepted(setting, peer, adopted):
    settings = {**TRUSTING, "TELEMETRY_TRACEPARENT_FROM": setting}
    record = parse(
        {
            "REMOTE_ADDR": peer,
            "HTTP_TRACEPARENT": f"00-{TRACE}-{PARENT}-01",
            "HTTP_TRACESTATE": "a=1",
        },
        settings,
    )
    facts = (
        record.trace_id,
        record.parent_span_id,
        record.parent_sampled,
        record.parent_trace_state,
    )
    assert facts == (
        (TRACE, PARENT, True, "a=1")
        if adopted
        else (uuid.UUID(record.request_id).hex, "", None, "")
    )


def test_broken_traceparent_is_ignored():
    record = parse({"HTTP_TRACEPARENT": "00-xyz"})
    assert (record.trace_id, record.parent_span_id) == (uuid.UUID(record.request_id).hex, "")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "spoofed, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.0.2.9", "203.0.113.7", "192.0.2.9"),
    ],
)
def test_client_is_the_nearest_address_that_is_not_a_trusted_proxy(peer, forwarded, client):
    record = parse({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, TRUSTING)
    assert record.client_address == client


def test_unknown_method_broken_text_and_endless_text_are_bounded():
    record = parse(
        {"REQUEST_METHOD": "FOOBAR", "PATH_INFO": "/caf\xe9", "HTTP_USER_AGENT": "u" * 5000}
    )
    assert (record.method_label, record.method) == ("_OTHER", "FOOBAR")
    assert record.path == "/caf�"
    assert record.user_agent == "u" * MAX_TEXT_LENGTH


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLW91cnM"
CANARIES = (JWT, "ann@example.com", "4111 1111 1111 1111", "hunter2")


@pytest.mark.parametrize("keep_values", ["false", "true"])
def test_no_text_of_a_record_holds_a_secret(keep_values):
    environ = {
        "REQUEST_METHOD": "GET ann@example.com",
        "PATH_INFO": f"/reset/{JWT}/ann@example.com",
        "QUERY_STRING": (
            "q=ann%40example.com&password=hunter2&card=4111+1111+1111+1111"
            "&4111-1111-1111-1111=1&ann@example.com&page=2"
        ),
        "HTTP_USER_AGENT": f"app/1 (ann@example.com; Bearer {JWT}; 4111 1111 1111 1111)",
        "HTTP_HOST": "ann@example.com",
    }
    record = parse(environ, {"TELEMETRY_LOG_QUERY_VALUES": keep_values})
    one, page = ("1", "2") if keep_values == "true" else ("REDACTED", "REDACTED")
    assert (record.method, record.path, record.query, record.user_agent, record.host) == (
        "GET REDACTED",
        "/reset/REDACTED/REDACTED",
        f"q=REDACTED&password=REDACTED&card=REDACTED&REDACTED={one}&REDACTED&page={page}",
        "app/1 (REDACTED; Bearer REDACTED; REDACTED)",
        "REDACTED",
    )
    assert not any(
        canary in str(getattr(record, name))
        for canary in CANARIES
        for name in RequestRecord.__slots__
    )


def test_without_the_performance_monitor_nothing_is_slow():
    assert parse(settings={"TELEMETRY_PERFORMANCE": "false"}).slow_after_seconds == math.inf
