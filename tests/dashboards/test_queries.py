"""The boards' queries: existing metrics and labels, in PromQL that Prometheus itself parses."""

import re
from pathlib import Path

import pytest

from dashboards import variables
from dashboards.board_json import Query, annotations, queries
from dashboards.promql import or_zero, ratio, series, without_nan
from service import metrics
from telemetry import names
from tests.support import promtool

QUERIES = queries()
RULES = Path(__file__).parents[2] / "deploy" / "rules"
ALL = (*names.ALL, *metrics.ALL)

FOREIGN = {
    "ALERTS": "Prometheus, of its own rules",
    "ALERTS_FOR_STATE": "Prometheus, of its own rules",
    "up": "written by the scraper",
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
"""Metrics that neither telemetry nor the service defines, and their origin."""

NOT_SHOWN = {
    names.EXPORT_PROBLEM.name: (
        "for alerts; telemetry_export_seconds by result and the health report show the same"
    ),
    names.PROCESS_CPU_RATIO.name: (
        "process_cpu_seconds_total has the same information without its own sampling interval"
    ),
    metrics.EXPIRED_DOCUMENTS.name: "the sweep is routine; its log line has the same numbers",
    metrics.CDN_PURGES.name: "only behind a CDN; a purge that fails is a line in the log",
    metrics.CDN_WAITING.name: "only behind a CDN; rises with failed purges, which are logged",
}
"""Metrics that no board shows, and why."""

TARGET_LABELS = {
    "service_name",
    "service_instance_id",
    "job",
    "instance",
    "service_version",
    "deployment_environment_name",
}
VALUES = {**variables.ALL, "__rate_interval": "20s", "__range": "30m"}


def series_names(metric: names.Metric) -> set[str]:
    return (
        {metric.name + suffix for suffix in ("_bucket", "_count", "_sum")}
        if metric.kind == "histogram"
        else {metric.name}
    )


OWN = {name: metric for metric in ALL for name in series_names(metric)}


def test_every_queried_metric_exists() -> None:
    queried = {name for query in QUERIES for name in query.metrics}
    recorded = {name for name in queried if name.startswith("serene:")}
    rules = (RULES / "recording.yml").read_text(encoding="utf-8")
    assert {name for name in recorded if f"record: {name}\n" not in rules} == set()
    assert queried - recorded - OWN.keys() == FOREIGN.keys()


def test_every_own_metric_is_shown_or_has_a_reason() -> None:
    queried = {name for query in QUERIES for name in query.metrics}
    assert {metric.name for metric in ALL if not series_names(metric) & queried} == NOT_SHOWN.keys()


@pytest.mark.parametrize(
    "query", QUERIES, ids=lambda query: f"{query.board}: {query.panel}, {query.legend}"
)
def test_matched_labels_are_labels_of_the_metric(query: Query) -> None:
    for name, selector in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", query.substitute(VALUES)):
        if metric := OWN.get(name):
            matched = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", selector))
            bucket_labels = {"le"} if metric.kind == "histogram" else set()
            assert matched - set(metric.labels) - TARGET_LABELS - bucket_labels == set()


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


def test_no_panel_shows_the_rate_of_a_gauge_or_a_bare_counter() -> None:
    rated = {
        name
        for query in QUERIES
        for name in re.findall(r"(?:rate|increase)\((\w+)\{", query.expression)
    }
    assert {name for name in rated if name in OWN and OWN[name].kind == "gauge"} == set()
    counters = {name for name, metric in OWN.items() if metric.kind == "counter"}
    bare = {
        name
        for query in QUERIES
        for name in counters & query.metrics
        if len(re.findall(rf"\b{name}\{{", query.expression))
        != len(re.findall(rf"(?:rate|increase)\({name}\{{", query.expression))
        + 2 * len(re.findall(rf"\({name}(\{{[^}}]*\}}) unless {name}\1 offset ", query.expression))
    }
    assert bare == set()


def test_prometheus_parses_every_query(tmp_path: Path) -> None:
    every = [query.substitute(VALUES) for query in (*QUERIES, *annotations())]
    assert promtool.check_rules(every, tmp_path) == (0, f"{len(every)} rules found")


def test_prometheus_rejects_an_invalid_query(tmp_path: Path) -> None:
    status, output = promtool.check_rules(["sum by (a) (rate(x[20s])", "x"], tmp_path)
    assert (status, "unclosed left parenthesis" in output) == (1, True)


def test_or_zero_is_0_only_while_workers_report() -> None:
    assert or_zero("sum by (a) (rate(x[1m]))", "w", "a") == (
        '(sum by (a) (rate(x[1m]))) or on() label_replace(0 * count(w), "a", "none", "", "")'
    )
    assert or_zero("sum(rate(x[1m]))", "w") == "(sum(rate(x[1m]))) or on() (0 * count(w))"


def test_shapes_of_selector_ratio_and_without_nan() -> None:
    assert (
        series(names.MONGODB_UP, 'a="b"')
        == 'mongodb_up{deployment_environment_name=~"$environment", service_name=~"$service",'
        ' service_version=~"$version", service_instance_id=~"$instance", a="b"}'
    )
    assert (
        series("up") == 'up{deployment_environment_name=~"$environment", service_name=~"$service",'
        ' service_instance_id=~"$instance"}'
    )
    assert ratio("a", "b") == "(a) / (b > 0)"
    assert without_nan("a") == "(a) >= 0"
