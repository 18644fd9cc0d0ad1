"""The boards' queries.

Names that exist, labels that their metrics have, PromQL that Prometheus itself reads.
"""

import re
from pathlib import Path

import pytest

from dashboards import config
from dashboards.promql import if_any, ratio, series, zero_when_quiet
from dashboards.reading import Query, queries
from telemetry import names
from tests import promtool

QUERIES = queries()

OTHERS = {
    "up": "written by whoever scrapes",
    "target_info": "resource of a worker, as OpenMetrics has it",
    "python_info": "prometheus_client's platform collector",
    "process_cpu_seconds_total": "prometheus_client's process collector",
    "process_max_fds": "prometheus_client's process collector",
    "process_open_fds": "prometheus_client's process collector",
    "process_resident_memory_bytes": "prometheus_client's process collector",
    "process_start_time_seconds": "prometheus_client's process collector",
    "python_gc_collections_total": "prometheus_client's gc collector",
    "python_gc_objects_collected_total": "prometheus_client's gc collector",
    "python_gc_objects_uncollectable_total": "prometheus_client's gc collector",
    "otelcol_receiver_accepted_spans": "the Collector",
    "otelcol_exporter_sent_spans": "the Collector",
    "otelcol_exporter_send_failed_spans": "the Collector",
    "otelcol_exporter_sent_metric_points": "the Collector",
    "otelcol_exporter_send_failed_metric_points": "the Collector",
}
"""Metrics that are not ours, and whose they are."""

UNSHOWN = {
    names.PROCESS_CPU_RATIO.name: "process_cpu_seconds_total says the same without a sampling interval of its own",
}
"""Metrics of ours that no board shows, and why."""

EVERYWHERE = {
    "service_name",
    "service_instance_id",
    "job",
    "instance",
    "service_version",
    "deployment_environment_name",
}
VALUES = {
    "service": "serene",
    "instance": ".*",
    "route": ".*",
    "__rate_interval": "20s",
    "__range": "30m",
}


def exposed(metric: names.Metric) -> set[str]:
    """The names of its series."""
    return (
        {metric.name + suffix for suffix in ("_bucket", "_count", "_sum")}
        if metric.kind == "histogram"
        else {metric.name}
    )


OURS = {name: metric for metric in names.ALL for name in exposed(metric)}


def test_every_metric_that_is_asked_for_exists() -> None:
    asked = {name for query in QUERIES for name in query.metrics}
    assert asked - OURS.keys() == OTHERS.keys()


def test_every_metric_of_ours_is_shown_or_has_a_reason() -> None:
    asked = {name for query in QUERIES for name in query.metrics}
    assert {metric.name for metric in names.ALL if not exposed(metric) & asked} == UNSHOWN.keys()


@pytest.mark.parametrize(
    "query", QUERIES, ids=lambda query: f"{query.board}: {query.panel}, {query.legend}"
)
def test_matched_labels_are_labels_of_the_metric(query: Query) -> None:
    for name, selector in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", query.filled(VALUES)):
        if metric := OURS.get(name):
            asked = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", selector))
            assert (
                asked
                - set(metric.labels)
                - EVERYWHERE
                - ({"le"} if metric.kind == "histogram" else set())
                == set()
            )


@pytest.mark.parametrize(
    "query", QUERIES, ids=lambda query: f"{query.board}: {query.panel}, {query.legend}"
)
def test_legend_names_labels_that_the_query_keeps(query: Query) -> None:
    kept = {
        label.strip()
        for group in re.findall(r"(?:by|group_left) \(?\(([^)]*)\)", query.expression)
        for label in group.split(",")
    }
    kept |= {label for label in ("le",) if "sum by (le)" in query.expression}
    assert set(re.findall(r"{{(\w+)}}", query.legend)) - kept == set()


def test_rate_of_a_gauge_or_plain_counter_is_never_shown() -> None:
    rated = {
        name
        for query in QUERIES
        for name in re.findall(r"(?:rate|increase)\((\w+)\{", query.expression)
    }
    assert {name for name in rated if name in OURS and OURS[name].kind == "gauge"} == set()
    counters = {name for name, metric in OURS.items() if metric.kind == "counter"}
    bare = {
        name
        for query in QUERIES
        for name in counters & query.metrics
        if len(re.findall(rf"\b{name}\{{", query.expression))
        != len(re.findall(rf"(?:rate|increase)\({name}\{{", query.expression))
    }
    assert bare == set()


def test_latency_target_is_a_bound_of_the_histogram() -> None:
    assert config.OBJECTIVES.latency_target_seconds in names.LATENCY_BUCKETS


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    assert promtool.read([query.filled(VALUES) for query in QUERIES], tmp_path) == (
        0,
        f"{len(QUERIES)} rules found",
    )


def test_prometheus_would_not_read_a_wrong_one(tmp_path: Path) -> None:
    status, said = promtool.read(["sum by (a) (rate(x[20s])", "x"], tmp_path)
    assert (status, "unclosed left parenthesis" in said) == (1, True)


def test_zero_needs_a_witness() -> None:
    assert zero_when_quiet("sum by (a) (rate(x[1m]))", "w", "a") == (
        '(sum by (a) (rate(x[1m]))) or on() label_replace(0 * count(w), "a", "none", "", "")'
    )
    assert zero_when_quiet("sum(rate(x[1m]))", "w") == "(sum(rate(x[1m]))) or on() (0 * count(w))"


def test_shapes() -> None:
    assert (
        series(names.MONGODB_UP, 'a="b"')
        == 'mongodb_up{service_name="$service", service_instance_id=~"$instance", a="b"}'
    )
    assert ratio("a", "b") == "(a) / (b > 0)"
    assert if_any("a") == "(a) >= 0"
