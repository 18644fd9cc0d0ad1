"""One attempt against real sockets: whatever the receiver does, it ends in time with its result."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import gevent
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from telemetry.tracing.otlp_http import ExportResult, OtlpHttpSender, Receiver
from tests.support.ports import free_port
from tests.telemetry.tracing import peers
from tests.telemetry.tracing.collector import Collector, peer

# Far more than loopback needs, far less than a peer that misbehaves would take.
LIMIT_SECONDS = 0.6
BODY = b"x" * 1_000_000


@pytest.fixture
def sender_to():
    """Builds senders and closes them."""
    made = []

    def make(url, timeout_seconds=10.0):
        made.append(OtlpHttpSender(Receiver(url, timeout_seconds)))
        return made[-1]

    yield make
    for sender in made:
        sender.close()


@pytest.mark.parametrize(
    ("path", "requested"),
    [("", "/"), ("/", "/"), ("/v1/traces", "/v1/traces"), ("/otlp/", "/otlp/"), ("/in?k=1", "/in")],
)
def test_posts_go_to_the_url_as_it_is_over_one_connection(sender_to, path, requested):
    with Collector() as collector:
        sender = sender_to(collector.endpoint + path)
        results = [sender.send(b""), sender.send(BODY)]
    assert results == [ExportResult("ok"), ExportResult("ok")]
    assert collector.requests == [("POST", requested, "application/x-protobuf")] * 2
    assert collector.accepted == [b"", BODY]


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ((503, [], b""), ExportResult("unavailable")),
        ((429, [("Retry-After", "7")], b""), ExportResult("unavailable", retry_after_seconds=7.0)),
        ((429, [("Retry-After", "soon")], b""), ExportResult("unavailable")),
        ((429, [("Retry-After", "-1")], b""), ExportResult("unavailable")),
        (
            (503, [("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")], b""),
            ExportResult("unavailable"),
        ),
        (
            (503, [("Retry-After", "1"), ("Retry-After", "2")], b""),
            ExportResult("unavailable", retry_after_seconds=1.0),
        ),
        ((400, [], b"no"), ExportResult("rejected")),
        ((301, [("Location", "http://127.0.0.1:1/")], b""), ExportResult("rejected")),
        ((500, [], b""), ExportResult("error")),
        ((200, [], b"not protobuf at all"), ExportResult("ok")),
    ],
)
def test_result_follows_from_the_status(sender_to, step, result):
    with Collector(step) as collector:
        sender = sender_to(collector.endpoint)
        assert sender.send(b"") == result
        assert sender.send(b"") == ExportResult("ok")


def test_retry_after_may_be_a_date(sender_to):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    with Collector((503, [("Retry-After", later)], b"")) as collector:
        attempt = sender_to(collector.endpoint).send(b"")
    assert attempt.result == "unavailable"
    assert 90 < attempt.retry_after_seconds <= 100


def test_partial_success_counts_the_spans_that_were_not_accepted(sender_to):
    body = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=3, error_message="too old")
    ).SerializeToString()
    with Collector((200, [], body)) as collector:
        assert sender_to(collector.endpoint).send(b"") == ExportResult("ok", rejected_spans=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "result"),
    [
        (peers.hangs, "timeout"),
        (peers.never_reads, "timeout"),
        (peers.trickles, "timeout"),
        (peers.talks_forever, "timeout"),
        (peers.never_ends_its_headers, "timeout"),
        (peers.hangs_up, "unreachable"),
        # The status was 200, and nothing in the body changes that.
        (peers.hangs_up_in_the_body, "ok"),
        (peers.speaks_something_else, "unreachable"),
    ],
)
def test_bad_receiver_costs_at_most_the_timeout(sender_to, behaviour, result):
    with peer(behaviour) as url:
        sender = sender_to(url, LIMIT_SECONDS)
        started = time.monotonic()
        # The body is larger than the sockets' buffers, so a peer that does not read is noticed as
        # well.
        results = [
            sender.send(BODY * 20) if behaviour is peers.never_reads else sender.send(b"x")
            for _ in range(2)
        ]
        taken = time.monotonic() - started
    assert results == [ExportResult(result)] * 2
    # One that is read until it ends itself takes a minute.
    assert taken < 2 * LIMIT_SECONDS + 20


def test_receiver_is_unreachable_until_it_listens(sender_to):
    port = free_port()
    sender = sender_to(f"http://127.0.0.1:{port}")
    assert sender.send(b"") == ExportResult("unreachable")
    with Collector(port=port):
        assert sender.send(b"") == ExportResult("ok")


def test_name_that_does_not_resolve_is_unreachable(sender_to):
    assert sender_to("http://collector.invalid:4318").send(b"") == ExportResult("unreachable")


def test_connection_that_the_receiver_closed_while_idle_is_not_a_failure(sender_to):
    results = []

    def answers_once_a_connection(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with peer(answers_once_a_connection) as url:
        sender = sender_to(url)
        for _ in range(3):
            results.append(sender.send(b"x"))
            gevent.sleep(0.05)
    assert results == [ExportResult("ok")] * 3
