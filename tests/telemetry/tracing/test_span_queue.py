"""The queue refuses the newest spans, and counts each refusal by its reason."""

import pytest
from gevent.threadpool import ThreadPool

from telemetry.names import QUEUE_SPANS


def end_spans(tracing, *names):
    for span in [tracing.tracer.start_span(name) for name in names]:
        span.end()


def test_the_newest_is_refused_when_full(tracing_of, spans_in, dropped):
    tracing = tracing_of(queue_spans=3)
    end_spans(tracing, "a", "b", "c", "d", "e")
    assert [span.name for span in spans_in(tracing.queue)] == ["a", "b", "c"]
    assert dropped() == {"queue_full": 2}


def test_spans_that_are_being_sent_count_against_the_bound(tracing_of, spans_in, dropped):
    tracing = tracing_of(queue_spans=3)
    end_spans(tracing, "a", "b", "c")
    batch = tracing.queue.take(2)
    end_spans(tracing, "refused")
    tracing.queue.settle(len(batch))
    end_spans(tracing, "d", "e", "refused too")
    assert [span.name for span in spans_in(tracing.queue)] == ["c", "d", "e"]
    assert dropped() == {"queue_full": 2}


def test_a_trace_is_taken_whole_or_not_at_all(tracing_of, spans_in, dropped):
    tracing = tracing_of(queue_spans=4)
    for names in (("a", "b"), ("c", "d", "e"), ("f",), ("g",)):
        with tracing.tracer.start_as_current_span("root"):
            end_spans(tracing, *names)
    assert [span.name for span in spans_in(tracing.queue)] == ["a", "b", "root"]
    end_spans(tracing, "h")
    assert [span.name for span in spans_in(tracing.queue)] == ["h"]
    assert dropped() == {"queue_full": 4 + 2 + 2}


def test_spans_that_are_not_sampled_do_not_reach_the_queue(tracing_of, dropped):
    tracing = tracing_of(sample_ratio=0.0)
    end_spans(tracing, "a")
    assert (len(tracing.queue), dropped()) == (0, {})


def test_abandoning_counts_what_waits_and_what_is_being_sent(tracing_of, dropped, metrics):
    tracing = tracing_of()
    end_spans(tracing, "a", "b", "c")
    tracing.queue.take(1)
    assert (tracing.queue.abandon(), len(tracing.queue)) == (3, 0)
    assert (dropped(), metrics.registry.get_sample_value(QUEUE_SPANS.name)) == ({"shutdown": 3}, 0)


def test_spans_may_end_in_native_threads(tracing_of, dropped):
    tracing = tracing_of(queue_spans=1000)
    pool = ThreadPool(4)
    pool.map(lambda _: end_spans(tracing, *["s"] * 100), range(8))
    pool.kill()
    assert (len(tracing.queue), dropped()) == (800, {})


@pytest.mark.parametrize("ended", [3, 4])
def test_the_exporter_is_woken_by_a_full_batch_only(tracing_of, ended):
    woken = []
    tracing = tracing_of(batch_spans=4)
    tracing.queue.on_batch = lambda: woken.append(len(tracing.queue))
    end_spans(tracing, *["s"] * ended)
    assert woken == ([4] if ended == 4 else [])


def test_failure_inside_the_queue_never_reaches_the_host(tracing_of, lenient_guard, swallowed):
    tracing = tracing_of(guard=lenient_guard, batch_spans=1)
    tracing.queue.on_batch = lambda: 1 / 0
    end_spans(tracing, "a")
    assert swallowed == ["tracing.queue"]
