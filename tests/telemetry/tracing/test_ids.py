"""A request's trace is named by its request id; everything else is random and valid."""

import uuid

from opentelemetry.trace import INVALID_SPAN_ID

from telemetry.tracing.tracer import new_trace_id


def test_inside_a_request_the_trace_id_is_the_request_id(make_record):
    record = make_record()
    assert f"{new_trace_id():032x}" == uuid.UUID(record.request_id).hex


def test_outside_of_a_request_ids_are_random_and_valid(tracing):
    contexts = [tracing.tracer.start_span("a").get_span_context() for _ in range(1000)]
    trace_ids = {context.trace_id for context in contexts}
    span_ids = {context.span_id for context in contexts}
    assert len(trace_ids) == len(span_ids) == 1000
    assert all(0 < trace_id < 2**128 for trace_id in trace_ids)
    assert all(INVALID_SPAN_ID < span_id < 2**64 for span_id in span_ids)


def test_root_span_of_a_request_has_the_random_flag(tracing_of, make_record, spans_in):
    record = make_record()
    tracing = tracing_of()
    tracing.tracer.start_span("work").end()
    (span,) = spans_in(tracing.queue)
    assert (f"{span.context.trace_id:032x}", int(span.context.trace_flags)) == (
        record.trace_id,
        0b11,
    )
