"""Spans reach a real receiver; each lost span is counted, and every wait is bounded."""

import time
from contextlib import nullcontext

import gevent
import pytest
from gevent.threadpool import ThreadPool
from opentelemetry.trace import get_current_span

from telemetry.names import QUEUE_SPANS
from telemetry.requests.record import current_record
from telemetry.tracing import span as span_module
from telemetry.tracing.encoding import encoded_span
from telemetry.tracing.otlp_http import OtlpHttpSender
from tests.support.ports import free_port
from tests.telemetry.tracing import peers
from tests.telemetry.tracing.collector import Collector, peer

UNENCODABLE = "unencodable"
SOON_SECONDS = 0.02
NEVER_SECONDS = 3600.0
# As long as one attempt may take: a wait for its end differs clearly from a slow machine.
PEERS_SECONDS = 40.0


def end_spans(tracing, *names):
    for name in names:
        tracing.tracer.start_span(name).end()


def test_spans_are_sent_each_interval_also_those_from_before_the_start(
    tracing_of, dropped, attempts
):
    with Collector() as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, export_interval_seconds=SOON_SECONDS)
        end_spans(tracing, "before", "the start")
        tracing.start()
        assert collector.wait_for(2) == ["before", "the start"]
        end_spans(tracing, "after")
        assert collector.wait_for(3) == ["before", "the start", "after"]
        assert tracing.flush(60.0)
    assert (dropped(), attempts()) == ({}, {"ok": 2})


def test_full_batch_is_sent_at_once_and_the_rest_waits(tracing_of):
    with Collector() as collector:
        tracing = tracing_of(
            otlp_endpoint=collector.endpoint, export_interval_seconds=NEVER_SECONDS, batch_spans=4
        )
        tracing.start()
        gevent.sleep(0)
        end_spans(tracing, "a", "b", "c", "d", "e", "f")
        assert collector.wait_for(4) == ["a", "b", "c", "d"]
        assert tracing.flush(60.0)
        assert collector.names == ["a", "b", "c", "d", "e", "f"]


def test_large_backlog_is_sent_in_batches_in_order(tracing_of):
    names = [str(index) for index in range(1000)]
    with Collector() as collector:
        tracing = tracing_of(
            otlp_endpoint=collector.endpoint, export_interval_seconds=NEVER_SECONDS, batch_spans=100
        )
        end_spans(tracing, *names)
        assert tracing.flush(60.0)
        assert (collector.names, len(collector.accepted)) == (names, 10)


def test_spans_of_native_threads_are_delivered(tracing_of):
    with Collector() as collector:
        tracing = tracing_of(
            otlp_endpoint=collector.endpoint, export_interval_seconds=SOON_SECONDS, batch_spans=10
        )
        tracing.start()
        pool = ThreadPool(2)
        pool.map(lambda index: end_spans(tracing, *[str(index)] * 50), range(4))
        pool.kill()
        assert sorted(collector.wait_for(200)) == sorted(
            [*["0"] * 50, *["1"] * 50, *["2"] * 50, *["3"] * 50]
        )


def test_batch_is_kept_until_the_receiver_takes_it(tracing_of, dropped, attempts):
    with Collector(503, 429, 500, 503) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint)
        end_spans(tracing, "a", "b")
        assert tracing.flush(60.0)
        assert (collector.names, dropped()) == (["a", "b"], {})
    assert attempts() == {"unavailable": 3, "error": 1, "ok": 1}


@pytest.mark.slow
def test_delays_grow_and_retry_after_is_honoured(tracing_of):
    with Collector(503, 503, (429, [("Retry-After", "2")], b"")) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, export_interval_seconds=SOON_SECONDS)
        tracing.start()
        end_spans(tracing, "a")
        assert collector.wait_for(1) == ["a"]
    first, second, third = (
        later - earlier
        for earlier, later in zip(collector.arrivals, collector.arrivals[1:], strict=False)
    )
    assert first > 0.1
    assert second > 0.2
    assert third > 1.9


def test_rejected_batch_is_dropped_and_the_next_is_sent(tracing_of, dropped, attempts):
    with Collector(400) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, batch_spans=2)
        end_spans(tracing, "a", "b", "c")
        assert tracing.flush(60.0)
        assert (collector.names, dropped(), attempts()) == (
            ["c"],
            {"rejected": 2},
            {"rejected": 1, "ok": 1},
        )


def test_batch_that_always_fails_is_dropped(tracing_of, dropped, attempts):
    with Collector(500, 500, 500, 500, 500) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, batch_spans=1)
        end_spans(tracing, "poison", "good")
        assert tracing.flush(60.0)
        assert (collector.names, dropped(), attempts()) == (
            ["good"],
            {"rejected": 1},
            {"error": 5, "ok": 1},
        )


@pytest.mark.parametrize("in_one_trace", [False, True])
def test_span_that_cannot_be_encoded_is_counted_and_the_others_are_sent(
    tracing_of, lenient_guard, dropped, monkeypatch, in_one_trace
):
    def breaks(span, attributes):
        return 1 / 0 if span.name == UNENCODABLE else encoded_span(span, attributes)

    monkeypatch.setattr(span_module, "encoded_span", breaks)
    others = [str(index) for index in range(20)]
    with Collector() as collector:
        tracing = tracing_of(guard=lenient_guard, otlp_endpoint=collector.endpoint)
        with tracing.tracer.start_as_current_span("root") if in_one_trace else nullcontext():
            end_spans(tracing, *others, UNENCODABLE)
        assert tracing.flush(60.0)
        assert (collector.names, dropped(), len(tracing.queue)) == (
            [*others, "root"] if in_one_trace else others,
            {"encode_error": 1},
            0,
        )


def test_exception_inside_the_export_costs_only_its_batch(
    tracing_of, lenient_guard, swallowed, dropped, monkeypatch
):
    with Collector() as collector:
        tracing = tracing_of(guard=lenient_guard, otlp_endpoint=collector.endpoint, batch_spans=2)
        encode = tracing._exporter._encoder.encode
        monkeypatch.setattr(tracing._exporter._encoder, "encode", lambda *_: 1 / 0)
        end_spans(tracing, "a", "b")
        assert tracing.flush(60.0)
        monkeypatch.setattr(tracing._exporter._encoder, "encode", encode)
        end_spans(tracing, "c")
        assert tracing.flush(60.0)
        assert (collector.names, dropped(), swallowed) == (["c"], {"failed": 2}, ["tracing.export"])


def test_without_a_receiver_the_queue_fills_refuses_and_delivers_later_what_it_took(
    tracing_of, dropped, attempts, metrics
):
    port = free_port()
    tracing = tracing_of(
        otlp_endpoint=f"http://127.0.0.1:{port}",
        export_interval_seconds=SOON_SECONDS,
        batch_spans=4,
        queue_spans=10,
    )
    tracing.start()
    end_spans(tracing, "0", "1", "2")
    while "unreachable" not in attempts():
        gevent.sleep(0.01)
    end_spans(tracing, *(str(index) for index in range(3, 15)))
    assert dropped() == {"queue_full": 5}
    with Collector(port=port) as collector:
        assert tracing.flush(60.0)
        assert collector.names == [str(index) for index in range(10)]
        end_spans(tracing, "again")
        assert collector.wait_for(11)[10:] == ["again"]
        assert tracing.flush(60.0)
    assert (dropped(), metrics.registry.get_sample_value(QUEUE_SPANS.name)) == (
        {"queue_full": 5},
        0,
    )


def test_gauge_shows_the_waiting_spans_in_an_outage(tracing_of, attempts, metrics):
    tracing = tracing_of(
        otlp_endpoint=f"http://127.0.0.1:{free_port()}", export_interval_seconds=SOON_SECONDS
    )
    tracing.start()
    end_spans(tracing, "a", "b", "c")
    while "unreachable" not in attempts():
        gevent.sleep(0.01)
    gevent.sleep(0.01)
    assert metrics.registry.get_sample_value(QUEUE_SPANS.name) == 3


BAD_PEERS = [
    peers.hangs,
    peers.trickles,
    peers.talks_forever,
    peers.hangs_up,
    peers.speaks_something_else,
]


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", BAD_PEERS)
def test_flush_and_shutdown_are_bounded_with_any_receiver(tracing_of, dropped, behaviour):
    with peer(behaviour) as url:
        tracing = tracing_of(otlp_endpoint=url, batch_spans=2, export_timeout_seconds=PEERS_SECONDS)
        end_spans(tracing, "a", "b", "c")
        started = time.monotonic()
        flushed = tracing.flush(0.3)
        delivered = tracing.shutdown(0.5)
        taken = time.monotonic() - started
    assert (flushed, delivered, dropped()) == (False, False, {"shutdown": 3})
    assert taken < PEERS_SECONDS / 2


def test_shutdown_without_a_receiver_is_bounded(tracing_of, dropped):
    tracing = tracing_of(
        otlp_endpoint=f"http://127.0.0.1:{free_port()}",
        export_interval_seconds=SOON_SECONDS,
        export_timeout_seconds=PEERS_SECONDS,
    )
    tracing.start()
    end_spans(tracing, "a")
    gevent.sleep(0.1)
    started = time.monotonic()
    assert not tracing.shutdown(0.5)
    assert 0.5 <= time.monotonic() - started < PEERS_SECONDS / 2
    assert dropped() == {"shutdown": 1}


def test_shutdown_delivers_spans_of_an_exporter_that_never_started(tracing_of, dropped):
    with Collector() as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint)
        end_spans(tracing, "a")
        assert (tracing.shutdown(), collector.names) == (True, ["a"])
        end_spans(tracing, "too late")
        assert (tracing.shutdown(), tracing.flush(60.0), dropped()) == (True, True, {"shutdown": 1})


def test_shutdown_cuts_a_long_delay_short(tracing_of):
    with Collector((503, [("Retry-After", "30")], b"")) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, export_interval_seconds=SOON_SECONDS)
        tracing.start()
        end_spans(tracing, "a")
        while not collector.arrivals:
            gevent.sleep(0.01)
        assert (tracing.shutdown(25.0), collector.names) == (True, ["a"])


def test_shutdown_without_spans_is_immediate(tracing_of):
    tracing = tracing_of(otlp_endpoint=f"http://127.0.0.1:{free_port()}")
    tracing.start()
    started = time.monotonic()
    assert tracing.shutdown(60.0)
    assert time.monotonic() - started < 30


def test_exporting_belongs_to_no_request_and_makes_no_spans(tracing_of, make_record, monkeypatch):
    seen = []
    send = OtlpHttpSender.send

    def observed(self, body):
        seen.append((current_record(), get_current_span().get_span_context().is_valid))
        return send(self, body)

    monkeypatch.setattr(OtlpHttpSender, "send", observed)
    with Collector() as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint)
        make_record()
        with tracing.tracer.start_as_current_span("of a request"):
            tracing.start()
        assert tracing.flush(60.0)
        assert tracing.flush(60.0)
        assert collector.names == ["of a request"]
    assert seen == [(None, False)]
