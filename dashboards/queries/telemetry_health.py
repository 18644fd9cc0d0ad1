"""Queries on telemetry itself: the workers' export of spans and logs, and the Collector.

The Collector's series belong to no worker, so the boards' variables do not filter them. Its
counters have no ``_total``: version 0.160 exposes them so.
"""

from dashboards.promql import (
    WINDOW,
    WORKER,
    increase,
    largest,
    or_zero,
    quantile,
    rate,
    series,
    total,
)
from dashboards.queries.workers import READY
from telemetry import names

COLLECTOR = 'job="otelcol"'


def _collector_rate(name: str) -> str:
    return f"sum(rate({name}{{{COLLECTOR}}}[{WINDOW}]))"


def _collector_failures(name: str) -> str:
    # No series before the first failure: 0 while the Collector answers.
    return f"{_collector_rate(name)} or on() (0 * count(up{{{COLLECTOR}}}))"


# --- workers --------------------------------------------------------------------------------------
SPANS = total(rate(names.SPANS), "decision")
SPANS_OVER_BUDGET = or_zero(total(rate(names.SPANS_OVER_BUDGET), "reason"), READY, "reason")
SPANS_DROPPED = or_zero(total(rate(names.SPANS_DROPPED), "reason"), READY, "reason")
EXPORT_P95 = quantile(0.95, names.EXPORT_DURATION, by=("result",))
QUEUE = largest(series(names.QUEUE_SPANS), WORKER)
ERRORS = or_zero(total(increase(names.TELEMETRY_ERRORS), "where"), READY, "where")
LOG_LINES_DROPPED = or_zero(total(increase(names.LOG_LINES_DROPPED), "reason"), READY, "reason")
RECORDED_REQUESTS = or_zero(total(increase(names.RECORDED_REQUESTS), "result"), READY, "result")

# --- the Collector --------------------------------------------------------------------------------
COLLECTOR_SPANS_ACCEPTED = _collector_rate("otelcol_receiver_accepted_spans")
COLLECTOR_SPANS_SENT = _collector_rate("otelcol_exporter_sent_spans")
COLLECTOR_SPANS_FAILED = _collector_failures("otelcol_exporter_send_failed_spans")
COLLECTOR_POINTS_SENT = _collector_rate("otelcol_exporter_sent_metric_points")
COLLECTOR_POINTS_FAILED = _collector_failures("otelcol_exporter_send_failed_metric_points")
