"""Spans of large traces are encoded in slices, bodies compressed in parts; one affects no other."""

import gzip

import pytest

from telemetry.tracing import span as span_module
from telemetry.tracing.batch import MAX_SLICE_SPANS, BatchEncoder, slice_for
from telemetry.tracing.encoding import SLICE_SPANS, encoded_span
from tests.support.delivered import decoded


@pytest.fixture
def entries_of(tracing):
    """The spans of one trace as the exporter gets them: a root, and so many below it."""

    def end(count):
        with tracing.tracer.start_as_current_span("root"):
            for index in range(count - 1):
                tracing.tracer.start_span(str(index), attributes={"text": "abc" * 30}).end()
        return tracing.queue.take(count)

    return end


@pytest.mark.parametrize(("count", "pauses"), [(16, 0), (17, 1), (100, 6)])
def test_spans_of_a_large_trace_are_encoded_in_slices(tracing, entries_of, guard, count, pauses):
    taken = []
    encoder = BatchEncoder(tracing.outlet.resource, guard, lambda: taken.append(1))
    encoded = encoder.encode(entries_of(count))
    assert (len(encoded), len(taken)) == (count, pauses)
    names = [str(index) for index in range(count - 1)]
    assert [span.name for span in decoded(encoder.body(encoded))] == [*names, "root"]


def test_small_traces_arrive_encoded(entries_of):
    assert all(isinstance(span, bytes) for _, span in entries_of(SLICE_SPANS))


def test_gzip_in_parts_is_one_stream_of_the_same_body(tracing, entries_of, guard):
    entries = entries_of(300)
    pauses = []
    plain, compressed = (
        encoder.body(encoder.encode(entries, 1000))
        for encoder in (
            BatchEncoder(tracing.outlet.resource, guard),
            BatchEncoder(
                tracing.outlet.resource, guard, lambda: pauses.append(1), compression="gzip"
            ),
        )
    )
    assert gzip.decompress(compressed) == plain
    assert len(compressed) < len(plain) / 2
    assert len(pauses) == 4


def test_a_span_that_cannot_be_encoded_is_left_out_alone(
    tracing, entries_of, lenient_guard, swallowed, monkeypatch
):
    def breaks(span, attributes):
        return 1 / 0 if span.name == "3" else encoded_span(span, attributes)

    monkeypatch.setattr(span_module, "encoded_span", breaks)
    encoder = BatchEncoder(tracing.outlet.resource, lenient_guard, lambda: None)
    encoded = encoder.encode(entries_of(20))
    assert "3" not in [span.name for span in decoded(encoder.body(encoded))]
    assert (len(encoded), swallowed) == (19, ["tracing.encode"])


def test_slices_grow_with_the_backlog_within_bounds():
    assert [slice_for(backlog) for backlog in (0, 512, 1024, 2048, 8192, 1_000_000)] == [
        16,
        16,
        SLICE_SPANS,
        32,
        64,
        MAX_SLICE_SPANS,
    ]
