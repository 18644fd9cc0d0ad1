"""Queries of the Telemetry pipeline board: each hop of spans, lines and samples, and what it lost.

The series of the Collector and of the backends belong to no worker, so the boards' variables do not
filter them. The Collector's counters have no ``_total``: version 0.160 exposes them so.
"""

from typing import Final

from dashboards import telemetry_lost
from dashboards.config import LINES
from dashboards.promql import (
    RANGE,
    WINDOW,
    WORKER,
    highest,
    largest,
    middle,
    or_zero,
    quantile,
    rank_of_gauge,
    seconds,
    series,
    summed_increase,
    summed_rate,
    total,
)
from dashboards.queries.workers import READY
from telemetry import names

COLLECTOR: Final = 'job="otelcol"'
BACKENDS: Final = "otelcol|tempo|loki|prometheus"
_BY_WORKER = ("service_name", WORKER)
_COLLECTOR_UP = f"up{{{COLLECTOR}}}"


def _collector(name: str, signal: str, *by: str) -> str:
    return total(f"rate(otelcol_{name}_{signal}{{{COLLECTOR}}}[{WINDOW}])", *by)


def _failures(name: str, signal: str) -> str:
    """Return a rate of failures: 0 before the first one, while the Collector is scraped."""
    counter = f"otelcol_{name}_{signal}{{{COLLECTOR}}}"
    grown = total(f"{_first(counter)} or rate({counter}[{WINDOW}])")
    return or_zero(grown, _COLLECTOR_UP)


def _seconds() -> str:
    return f"vector({seconds(WINDOW)})"


def _backend(counter: str, *by: str) -> str:
    return total(f"rate({counter}[{WINDOW}])", *by)


def _refused(counter: str, job: str, label: str) -> str:
    """Return a rate of what a backend refused, its first event included; see ``_failures``."""
    grown = total(f"({_first(counter)} or rate({counter}[{WINDOW}]))", label)
    return or_zero(grown, f'up{{job="{job}"}}', label)


def _first(counter: str) -> str:
    """Return, a second, the value of series that were not there a window ago."""
    return f"({counter} unless {counter} offset {WINDOW}) / on() group_left() {_seconds()}"


# --- is it bad ------------------------------------------------------------------------------------
LOST = telemetry_lost.LOST_RECENTLY
NOT_TAKEN = or_zero(f"count({series(names.EXPORT_PROBLEM)} > 0)", READY)
WORKER_QUEUE = largest(series(names.QUEUE_SPANS))
COLLECTOR_QUEUE = (
    f"max(otelcol_exporter_queue_size{{{COLLECTOR}}}"
    f" / on(exporter, data_type) otelcol_exporter_queue_capacity{{{COLLECTOR}}})"
)
SCRAPES_FAIL = f"count({series('up')} == 0) or on() 0 * count({series('up')})"
BACKENDS_DOWN = f'count(up{{job=~"{BACKENDS}"}} == 0) or on() 0 * count(up{{job=~"{BACKENDS}"}})'
SAMPLE_AGE = f"time() - min(timestamp({series('up')}))"

# --- what was lost --------------------------------------------------------------------------------
_HOUR = telemetry_lost.WINDOW
LOST_NOW = or_zero(total(telemetry_lost.LOST, "signal", "hop", "reason"), _COLLECTOR_UP, "signal")
LOST_BY_HOP = total(f"sum_over_time({telemetry_lost.LOST}[{RANGE}])", "signal", "hop", "reason")
UNACCOUNTED = telemetry_lost.UNACCOUNTED
SCRAPES_FAILED = total(
    f"count_over_time({series('up')}[{RANGE}]) - sum_over_time({series('up')}[{RANGE}])",
    *_BY_WORKER,
)
EXPORT_PROBLEMS = or_zero(total(series(names.EXPORT_PROBLEM), "reason"), READY, "reason")

# --- spans ----------------------------------------------------------------------------------------
SPANS = summed_rate(names.SPANS, by=("decision",))
SPANS_KEPT = summed_rate(names.SPANS, f'decision!~"{telemetry_lost.NOT_KEPT}"')
SPANS_OVER_BUDGET = or_zero(summed_rate(names.SPANS_OVER_BUDGET, by=("reason",)), READY, "reason")
SPANS_DROPPED = or_zero(summed_rate(names.SPANS_DROPPED, by=("reason",)), READY, "reason")
EXPORT_P95 = quantile(0.95, names.EXPORT_DURATION, by=("result",))
EXPORTS = summed_rate(names.EXPORT_DURATION, suffix="_count", by=("result",))
QUEUE = highest(
    LINES,
    largest(series(names.QUEUE_SPANS), *_BY_WORKER),
    rank_of_gauge(names.QUEUE_SPANS),
    *_BY_WORKER,
)
QUEUE_MEDIAN = middle(series(names.QUEUE_SPANS))
COLLECTOR_SPANS_ACCEPTED = _collector("receiver_accepted", "spans")
COLLECTOR_SPANS_REFUSED = _collector("receiver_refused", "spans")
COLLECTOR_SPANS_SENT = _collector("exporter_sent", "spans")
COLLECTOR_SPANS_NOT_SENT = _failures("exporter_send_failed", "spans")
COLLECTOR_SPANS_NO_ROOM = _failures("exporter_enqueue_failed", "spans")
TEMPO_RECEIVED = _backend("tempo_distributor_spans_received_total")
TEMPO_DISCARDED = _refused("tempo_discarded_spans_total", "tempo", "reason")
TEMPO_TRACES = "sum(tempo_ingester_live_traces)"
TEMPO_FLUSH_FAILURES_RECENTLY = "sum(increase(tempo_ingester_failed_flushes_total[1h]))"

# --- lines ----------------------------------------------------------------------------------------
LOG_LINES_DROPPED = or_zero(
    summed_increase(names.LOG_LINES_DROPPED, by=("reason",)), READY, "reason"
)
COLLECTOR_LINES_ACCEPTED = _collector("receiver_accepted", "log_records")
COLLECTOR_LINES_SENT = _collector("exporter_sent", "log_records")
COLLECTOR_LINES_NOT_SENT = _failures("exporter_send_failed", "log_records")
COLLECTOR_LINES_NO_ROOM = _failures("exporter_enqueue_failed", "log_records")
LOKI_RECEIVED = _backend("loki_distributor_lines_received_total")
LOKI_DISCARDED = _refused("loki_discarded_samples_total", "loki", "reason")
LOKI_STREAMS = "sum(loki_ingester_memory_streams)"

# --- samples --------------------------------------------------------------------------------------
SCRAPED = f"count({series('up')} == 1)"
SCRAPE_SECONDS = highest(
    LINES,
    largest(series("scrape_duration_seconds"), *_BY_WORKER),
    rank_of_gauge("scrape_duration_seconds"),
    *_BY_WORKER,
)
SCRAPE_SAMPLES = total(series("scrape_samples_scraped"))
SCRAPE_SAMPLES_LARGEST = largest(series("scrape_samples_scraped"))
COLLECTOR_POINTS_ACCEPTED = _collector("receiver_accepted", "metric_points")
COLLECTOR_POINTS_SENT = _collector("exporter_sent", "metric_points")
COLLECTOR_POINTS_NOT_SENT = _failures("exporter_send_failed", "metric_points")
COLLECTOR_POINTS_NO_ROOM = _failures("exporter_enqueue_failed", "metric_points")
PROMETHEUS_APPENDED = _backend("prometheus_tsdb_head_samples_appended_total")
PROMETHEUS_WRITES = _backend('prometheus_http_requests_total{handler="/api/v1/write"}', "code")
PROMETHEUS_OUT_OF_ORDER = _backend("prometheus_tsdb_out_of_order_samples_total")
PROMETHEUS_TOO_OLD = _backend("prometheus_tsdb_too_old_samples_total")
PROMETHEUS_OUT_OF_BOUND = _backend("prometheus_tsdb_out_of_bound_samples_total")
PROMETHEUS_SERIES = "sum(prometheus_tsdb_head_series)"
PROMETHEUS_EXEMPLARS = "sum(prometheus_tsdb_exemplar_exemplars_in_storage)"
RULE_FAILURES = _backend("prometheus_rule_evaluation_failures_total")
RULE_MISSED = _backend("prometheus_rule_group_iterations_missed_total")
RULE_SECONDS = largest("prometheus_rule_group_last_duration_seconds", "rule_group")

# --- the pipeline's own parts ---------------------------------------------------------------------
ERRORS = or_zero(summed_increase(names.TELEMETRY_ERRORS, by=("where",)), READY, "where")
RECORDED_REQUESTS = or_zero(
    summed_increase(names.RECORDED_REQUESTS, by=("result",)), READY, "result"
)
COLLECTOR_QUEUES = (
    f"otelcol_exporter_queue_size{{{COLLECTOR}}}"
    f" / on(exporter, data_type) otelcol_exporter_queue_capacity{{{COLLECTOR}}}"
)
COLLECTOR_MEMORY = f"max(otelcol_process_memory_rss{{{COLLECTOR}}})"
COLLECTOR_CPU = f"sum(rate(otelcol_process_cpu_seconds{{{COLLECTOR}}}[{WINDOW}]))"
UPTIME = f"max by (job) (otelcol_process_uptime{{{COLLECTOR}}})"
BACKENDS_UP = f'min by (job) (up{{job=~"{BACKENDS}"}})'
