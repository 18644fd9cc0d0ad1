"""Spans encoded in slices equal those of the stock encoder, and one bad span affects no other."""

import gzip

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode

from telemetry.tracing.encoding import MAX_SLICE_SPANS, SLICE_SPANS, SpanEncoder, slice_for
from tests.telemetry.tracing.collector import spans_of

UNENCODABLE = "\udcff"


@pytest.fixture
def ended(tracing_of, spans_in):
    """Ends spans of every shape; returns them as the exporter gets them."""

    def end(count):
        tracing = tracing_of()
        other = tracing.provider.get_tracer(
            "other", "2.0", "https://example.org/schema", {"scope": "attribute"}
        )
        link = Link(SpanContext(1, 2, is_remote=True), {"why": "retry"})
        for index in range(count):
            tracer = other if index % 3 else tracing.tracer
            span = tracer.start_span(
                f"span {index}",
                kind=list(SpanKind)[index % 5],
                attributes={"n": index, "list": ["a", "b"]},
                links=[link],
            )
            span.add_event("happened", {"when": 1.5})
            if index % 2:
                span.set_status(StatusCode.ERROR, "it broke")
            span.end()
        return spans_in(tracing.queue)

    return end


@pytest.mark.parametrize("count", [1, 15, 16, 17, 100])
def test_batch_decodes_to_what_the_stock_encoder_gives(ended, guard, count):
    spans = ended(count)
    pauses = []
    encoded = SpanEncoder(guard, lambda: pauses.append(1)).encode(spans)

    def in_order(body):
        return sorted(spans_of([body]), key=lambda found: int(found[2].name.removeprefix("span ")))

    assert in_order(encoded.body) == in_order(encode_spans(spans).SerializeToString())
    assert (encoded.spans, encoded.unencodable, len(pauses)) == (
        count,
        0,
        (count - 1) // SLICE_SPANS,
    )


def test_gzip_in_slices_is_one_stream_of_the_same_body(ended, guard):
    spans = ended(100)
    plain, compressed = (
        SpanEncoder(guard, lambda: None, compression=compression).encode(spans).body
        for compression in ("none", "gzip")
    )
    assert gzip.decompress(compressed) == plain
    assert len(compressed) < len(plain) / 2


def test_a_span_that_cannot_be_encoded_is_left_out_alone(
    tracing_of, spans_in, lenient_guard, swallowed
):
    tracing = tracing_of()
    for name in ("a", UNENCODABLE, "b"):
        tracing.tracer.start_span(name).end()
    encoded = SpanEncoder(lenient_guard, lambda: None).encode(spans_in(tracing.queue))
    assert (
        [span.name for _, _, span in spans_of([encoded.body])],
        encoded.spans,
        encoded.unencodable,
    ) == (["a", "b"], 2, 1)
    assert swallowed == ["tracing.encode", "tracing.encode"]


def test_slices_grow_with_the_backlog_within_bounds():
    assert [slice_for(backlog) for backlog in (0, 512, 1024, 2048, 8192, 1_000_000)] == [
        16,
        16,
        SLICE_SPANS,
        32,
        64,
        MAX_SLICE_SPANS,
    ]
