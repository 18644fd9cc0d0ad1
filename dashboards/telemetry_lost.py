"""Recording rules of lost telemetry: how many spans, lines and samples each hop has lost, exactly.

``increase`` extrapolates, and sees nothing in a series that begins with 7. These rules record how
much each counter of losses has grown since the evaluation before, so the sum over an hour is a
whole number: each loss counts once, also where what counts it starts again. Both ends of a step are
``LATE`` ago: a sample that is stored after the evaluation that should have seen it would count for
neither step. Losses are pressed in ``tests/e2e/test_boards.py``; births, restarts and gaps are in
``test_telemetry_lost.py``.

``LOST`` has the labels ``signal`` (spans, lines, samples), ``hop`` (worker, collector, tempo) and
``reason``. A loss is counted by one hop only: what the Collector gives up after the retries is its
own, whichever backend refused it. ``UNACCOUNTED`` is for what no hop can count, such as the spans
that a killed Collector had in memory: workers delivered them, and they did not arrive. What is lost
while Prometheus itself is away may be missing: the Collector's retries put samples before the next
evaluation, which compares with them.
"""

from collections.abc import Iterator
from typing import Final

import yaml

from dashboards.time_scale import TimeScale
from telemetry import names

STEP: Final = "15s"
LATE: Final = "30s"
"""So long after its scrape a sample may be stored: batches, and retries of the Collector."""
WINDOW: Final = "1h"

LOST: Final = "serene:telemetry_lost:delta15s"
DELIVERED: Final = "serene:spans_delivered:delta15s"
RECEIVED: Final = "serene:spans_received:delta15s"
UNACCOUNTED: Final = "serene:spans_unaccounted:sum1h"
LOST_RECENTLY: Final = "serene:telemetry_lost:sum1h"
"""Everything that was lost within ``WINDOW``: the one number."""

NOT_KEPT: Final = "not_kept|over_budget|memory"
"""Decisions by which spans are not to be delivered."""
SLACK_SECONDS: Final = 20
"""So long at their highest rate, spans may be on their way, or be counted by one scrape alone."""

_COLLECTOR: Final = 'job="otelcol"'
_SIGNALS: Final = (("spans", "spans"), ("log_records", "lines"), ("metric_points", "samples"))
"""Signals by the Collector's names and by ours."""
_WORKER_ALIVE: Final = "process_start_time_seconds"
_BY_WORKER: Final = "service_name, service_instance_id"
_BY_TARGET: Final = "job, instance"


def group(time: TimeScale) -> dict[str, object]:
    """Return the group of rules in Prometheus' form."""
    rules = [*_losses(time), *_balance(time), *_sums(time)]
    return {
        "name": "serene-telemetry-lost",
        "interval": time(STEP),
        "query_offset": time(LATE),
        "rules": rules,
    }


def to_yaml(time: TimeScale) -> str:
    """Return the file of rules as it is committed."""
    notice = "# Written by `python -m dashboards` from dashboards/telemetry_lost.py.\n"
    return notice + yaml.safe_dump({"groups": [group(time)]}, sort_keys=False, width=1000)


def grown_of_worker(counter: str, time: TimeScale) -> str:
    """Return by how much each counter of a worker has grown in one step."""
    step = time(STEP)
    started = f"{_WORKER_ALIVE} > time() - {2 * time.seconds(STEP):g}"
    return _grown(counter, step, _BY_WORKER, f"{_WORKER_ALIVE} offset {step} or {started}")


def grown_of_target(counter: str, time: TimeScale) -> str:
    """Return by how much each counter of the Collector or of a backend has grown in one step."""
    step = time(STEP)
    return _grown(counter, step, _BY_TARGET, f"up offset {step} == 1")


def _grown(counter: str, step: str, by: str, known: str) -> str:
    """Return the growth of a counter in one step.

    A value that fell is that of a new process. A new series counts whole where its process was
    known a step ago or is new itself; else Prometheus was away, and the value is from before.
    """
    return f"(({counter} - {counter} offset {step} >= 0) or ({counter} and on({by}) ({known})))"


def _losses(time: TimeScale) -> Iterator[dict[str, object]]:
    own = ("deployment_environment_name", "service_name", "reason")
    for metric, signal in ((names.SPANS_DROPPED, "spans"), (names.LOG_LINES_DROPPED, "lines")):
        grown = grown_of_worker(metric.name, time)
        yield _rule(LOST, _positive(grown, *own), signal=signal, hop="worker")
    for suffix, signal in (
        ("spans", "spans"),
        ("log_records", "lines"),
        ("metric_points", "samples"),
    ):
        for counter, reason in (("send_failed", "not_sent"), ("enqueue_failed", "queue_full")):
            series = f"otelcol_exporter_{counter}_{suffix}{{{_COLLECTOR}}}"
            grown = _positive(grown_of_target(series, time), "exporter")
            yield _rule(LOST, grown, signal=signal, hop="collector", reason=reason)
    # The others are refused, and so the Collector counts them.
    discarded = grown_of_target('tempo_discarded_spans_total{reason!~"rate_limited"}', time)
    yield _rule(LOST, _positive(discarded, "reason"), signal="spans", hop="tempo")


def _balance(time: TimeScale) -> Iterator[dict[str, object]]:
    kept = f'{names.SPANS.name}{{decision!~"{NOT_KEPT}"}}'
    queued = names.QUEUE_SPANS.name
    delivered = (
        f"sum({grown_of_worker(kept, time)})"
        f" - sum({grown_of_worker(names.SPANS_DROPPED.name, time)})"
        f" - sum({queued} - {queued} offset {time(STEP)})"
    )
    received = grown_of_target("tempo_distributor_spans_received_total", time)
    yield _rule(DELIVERED, delivered)
    yield _rule(RECEIVED, f"sum({received})")


def _sums(time: TimeScale) -> Iterator[dict[str, object]]:
    window = time(WINDOW)
    delivered = f"sum_over_time({DELIVERED}[{window}])"
    counted = (
        f'sum(sum_over_time({LOST}{{signal="spans", hop="collector"}}[{window}])) or vector(0)'
    )
    missing = (
        f"{delivered} - sum_over_time({RECEIVED}[{window}]) - on() ({counted})"
        f" - on() ({_held_by_collector()})"
    )
    slack = f"max_over_time({DELIVERED}[{window}]) * {SLACK_SECONDS} / {time.seconds(STEP):g}"
    yield _rule(UNACCOUNTED, f"({missing} > {slack}) or on() 0 * count(up{{{_COLLECTOR}}})")
    lost = f"sum(sum_over_time({LOST}[{window}])) or on() 0 * count(up{{{_COLLECTOR}}})"
    yield _rule(LOST_RECENTLY, f"({lost}) + on() {UNACCOUNTED}")


def _held_by_collector() -> str:
    """Return the spans that the Collector has accepted, and neither sent nor given up."""
    spans = [
        f"(sum(otelcol_exporter_{what}_spans{{{_COLLECTOR}}}) or vector(0))"
        for what in ("sent", "send_failed", "enqueue_failed")
    ]
    accepted = f"sum(otelcol_receiver_accepted_spans{{{_COLLECTOR}}}) or vector(0)"
    return f"({accepted}) - {' - '.join(spans)}"


def _positive(grown: str, *by: str) -> str:
    return f"sum by ({', '.join(by)}) ({grown}) > 0"


def _rule(record: str, expression: str, **labels: str) -> dict[str, object]:
    rule: dict[str, object] = {"record": record, "expr": expression}
    return rule | ({"labels": labels} if labels else {})
