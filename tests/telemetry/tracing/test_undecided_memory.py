"""What is held of undecided traces is bounded by bytes, and what is left out is counted."""

import gc

from opentelemetry.trace import use_span

from telemetry.span_names import MISSING_SPANS_ATTRIBUTE
from telemetry.tracing.outlet import EARLY_SPANS
from tests.support.delivered import delivered
from tests.telemetry.tracing.deciding import FAILED, NOT_KEPT, Decides

MEBIBYTE = 1 << 20


def end_children(tracing, count, text="x" * 1000):
    for index in range(count):
        tracing.tracer.start_span(str(index), attributes={"text": text}).end()


def test_one_trace_may_hold_a_quarter_and_names_what_is_missing(deciding, serve, decided):
    tracing = deciding(Decides(verdict=FAILED), undecided_bytes=4 * MEBIBYTE)

    def work():
        end_children(tracing, 2000)
        assert 0.9 * MEBIBYTE < tracing.outlet.held_bytes <= MEBIBYTE

    record = serve(tracing, work)
    *children, server = delivered(tracing.queue)
    missing = 2000 - len(children)
    assert [child.name for child in children] == [str(index) for index in range(len(children))]
    assert server.attributes[MISSING_SPANS_ATTRIBUTE] == missing
    assert server.attributes["http.route"] == "/posts"
    assert decided() == {"failed": len(children) + 1, "memory": missing}
    assert (record.sampled, tracing.outlet.held_bytes) == (True, 0)
    assert 300 < len(children) < 1100


def test_all_traces_together_are_bounded(deciding, decided):
    tracing = deciding(Decides(verdict=NOT_KEPT), undecided_bytes=MEBIBYTE)
    roots = [tracing.tracer.start_span("root") for _ in range(20)]
    for root in roots:
        with use_span(root):
            end_children(tracing, 100)
    assert tracing.outlet.held_bytes <= MEBIBYTE
    missing = decided()["memory"]
    assert 500 < missing < 2000
    for root in roots:
        root.end()
    assert tracing.outlet.held_bytes == 0
    assert decided() == {"memory": missing, "not_kept": 2000 - missing + 20}


def test_trace_that_is_kept_anyway_is_sent_early_and_whole(deciding, serve, decided):
    tracing = deciding(Decides(head=True), undecided_bytes=40_000)
    waiting = []

    def work():
        end_children(tracing, 100)
        waiting.append(len(tracing.queue))

    serve(tracing, work)
    assert waiting[0] > 80
    *children, server = delivered(tracing.queue)
    assert [child.name for child in children] == [str(index) for index in range(100)]
    assert MISSING_SPANS_ATTRIBUTE not in server.attributes
    assert decided() == {"ratio": 101}


def test_kept_trace_of_many_spans_does_not_wait_for_its_end(deciding):
    tracing = deciding(Decides(head=True))
    with tracing.tracer.start_as_current_span("root"):
        end_children(tracing, EARLY_SPANS + 1, text="")
        assert len(tracing.queue) == EARLY_SPANS


def test_events_and_links_count(deciding):
    tracing = deciding(Decides())
    with tracing.tracer.start_as_current_span("root") as root:
        span = tracing.tracer.start_span("child")
        span.add_event("e", {"text": "x" * 5000})
        span.add_link(root.get_span_context(), {"text": "x" * 5000})
        span.end()
        assert tracing.outlet.held_bytes > 10_000


def test_trace_that_nothing_ends_gives_its_memory_back(deciding):
    tracing = deciding(Decides())
    root = tracing.tracer.start_span("never ends")
    with use_span(root):
        end_children(tracing, 10)
    assert tracing.outlet.held_bytes > 0
    del root
    gc.collect()
    assert tracing.outlet.held_bytes == 0
