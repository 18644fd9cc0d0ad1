"""Every metric that a query may name: ours, those of recording rules, and those of others.

Ours are described in ``telemetry/names.py`` and ``service/metrics.py``; those of others are listed
here with their kind, which ``tests/e2e/test_boards.py`` compares with what the real ones expose.
"""

from dataclasses import dataclass
from typing import Final, Literal

from service import metrics
from telemetry import names
from tests.support.promql import dimensions
from tests.support.promql.dimensions import BYTES, SECONDS, Dimension

Kind = Literal["counter", "gauge", "histogram"]

OURS: Final = (*names.ALL, *metrics.ALL)

TARGET_LABELS: Final = frozenset(
    {
        "service_name",
        "service_instance_id",
        "service_version",
        "deployment_environment_name",
        "job",
        "instance",
    }
)
"""On every series of a worker, set by the scrape."""
SCRAPE_LABELS: Final = frozenset({"job", "instance"})
"""On every series of the Collector, Tempo, Loki and Prometheus."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A metric that another program defines.

    Args:
        kind: Its type.
        labels: Its own labels.
        dimension: Of its values, where its name does not show it.
        is_of_a_worker: Whether it has the labels of a worker.
    """

    kind: Kind
    labels: frozenset[str] = frozenset()
    dimension: Dimension | None = None
    is_of_a_worker: bool = False


def _counter(*labels: str, dimension: Dimension | None = None) -> Foreign:
    return Foreign("counter", frozenset(labels), dimension)


def _gauge(*labels: str, dimension: Dimension | None = None) -> Foreign:
    return Foreign("gauge", frozenset(labels), dimension)


def _of_a_worker(kind: Kind, *labels: str) -> Foreign:
    return Foreign(kind, frozenset(labels), is_of_a_worker=True)


_ALERT: Final = frozenset({"alertname", "alertstate", "severity", "route_class", "reason", "where"})
"""Labels of alerts, whose series also have those that their expression keeps."""

FOREIGN: Final[dict[str, Foreign]] = {
    # The scraper's own.
    "up": _of_a_worker("gauge"),
    "scrape_duration_seconds": _of_a_worker("gauge"),
    "scrape_samples_scraped": _of_a_worker("gauge"),
    # Prometheus' own state of its alerts.
    "ALERTS": Foreign("gauge", _ALERT, None, is_of_a_worker=True),
    "ALERTS_FOR_STATE": Foreign("gauge", _ALERT, SECONDS, is_of_a_worker=True),
    # prometheus_client's collectors, in each worker.
    "python_info": _of_a_worker("gauge", "version", "implementation"),
    "process_cpu_seconds_total": _of_a_worker("counter"),
    "process_max_fds": _of_a_worker("gauge"),
    "process_open_fds": _of_a_worker("gauge"),
    "process_resident_memory_bytes": _of_a_worker("gauge"),
    "process_start_time_seconds": _of_a_worker("gauge"),
    "python_gc_collections_total": _of_a_worker("counter", "generation"),
    "python_gc_objects_collected_total": _of_a_worker("counter", "generation"),
    "python_gc_objects_uncollectable_total": _of_a_worker("counter", "generation"),
}
"""Metrics of others by name."""


def foreign_of_the_pipeline() -> dict[str, Foreign]:
    """Return the metrics of the Collector, Tempo, Loki and Prometheus that the boards use."""
    found: dict[str, Foreign] = {}
    for signal in ("spans", "metric_points", "log_records"):
        for what in ("accepted", "refused"):
            found[f"otelcol_receiver_{what}_{signal}"] = _counter("receiver", "transport")
        for what in ("sent", "send_failed", "enqueue_failed"):
            found[f"otelcol_exporter_{what}_{signal}"] = _counter("exporter")
    return found | {
        "otelcol_exporter_queue_size": _gauge("exporter", "data_type"),
        "otelcol_exporter_queue_capacity": _gauge("exporter", "data_type"),
        "otelcol_process_uptime": _counter(dimension=SECONDS),
        "otelcol_process_cpu_seconds": _counter(dimension=SECONDS),
        "otelcol_process_memory_rss": _gauge(dimension=BYTES),
        "tempo_distributor_spans_received_total": _counter("tenant"),
        "tempo_discarded_spans_total": _counter("reason", "tenant"),
        "tempo_ingester_failed_flushes_total": _counter(),
        "tempo_ingester_live_traces": _gauge("tenant"),
        "loki_distributor_lines_received_total": _counter("tenant"),
        "loki_discarded_samples_total": _counter("reason", "tenant"),
        "loki_ingester_memory_streams": _gauge("tenant"),
        "prometheus_http_requests_total": _counter("code", "handler"),
        "prometheus_tsdb_head_samples_appended_total": _counter("type"),
        "prometheus_tsdb_head_series": _gauge(),
        "prometheus_tsdb_out_of_order_samples_total": _counter("type"),
        "prometheus_tsdb_out_of_bound_samples_total": _counter("type"),
        "prometheus_tsdb_too_old_samples_total": _counter("type"),
        "prometheus_rule_evaluation_failures_total": _counter("rule_group"),
        "prometheus_rule_group_iterations_missed_total": _counter("rule_group"),
        "prometheus_rule_group_last_duration_seconds": _gauge("rule_group"),
        "prometheus_tsdb_exemplar_exemplars_in_storage": _gauge(),
    }


def series_names(metric: names.Metric) -> set[str]:
    """Return the names of the series of one of our metrics."""
    if metric.kind != "histogram":
        return {metric.name}
    return {metric.name + suffix for suffix in ("_bucket", "_count", "_sum")}


OWN: Final = {name: metric for metric in OURS for name in series_names(metric)}
THEIRS: Final = FOREIGN | foreign_of_the_pipeline()


def kind_of(name: str) -> Kind | None:
    """Return the kind of a series' values, where a histogram's parts are counters."""
    if own := OWN.get(name):
        return "counter" if own.kind == "histogram" else own.kind
    theirs = THEIRS.get(name)
    return theirs.kind if theirs else None


def dimension_of(name: str) -> Dimension:
    """Return the dimension of a series' values."""
    theirs = THEIRS.get(name)
    if theirs and theirs.dimension is not None:
        return theirs.dimension
    return dimensions.of_name(name)


def own_labels_of(name: str) -> frozenset[str] | None:
    """Return the labels that a series may have; None for a metric that nobody exposes."""
    if own := OWN.get(name):
        bucket = {"le"} if name.endswith("_bucket") else set()
        return TARGET_LABELS | frozenset(own.labels) | bucket
    theirs = THEIRS.get(name)
    if theirs is None:
        return None
    return theirs.labels | (TARGET_LABELS if theirs.is_of_a_worker else SCRAPE_LABELS)
