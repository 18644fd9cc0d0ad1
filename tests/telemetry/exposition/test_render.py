"""The exposition renders what prometheus_client renders, in slices of whole lines."""

import importlib.metadata
import math
from functools import partial

import prometheus_client
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    UnknownMetricFamily,
)
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Timestamp

from telemetry import native
from telemetry.exposition import Exposition, choose_format
from telemetry.guard import Guard
from tests.telemetry.exposition.registries import registries
from tests.telemetry.exposition.rendering import ACCEPTS, OPENMETRICS, rendered, strict_guard

TRACE = {"trace_id": "0af7651916cd43dd8448eb211c80319c"}


@pytest.fixture
def strict():
    return strict_guard()


def test_prometheus_client_is_the_version_whose_private_attributes_were_read():
    assert importlib.metadata.version("prometheus_client") == "0.26.0", (
        "telemetry/exposition reads private attributes of prometheus_client: compare metrics.py, "
        "values.py and registry.py of the new version with 0.26.0, then change this line"
    )


@pytest.mark.slow
@given(
    registry=registries(), accept=st.sampled_from(ACCEPTS), slice_lines=st.sampled_from([1, 3, 500])
)
@settings(max_examples=100)
def test_text_is_that_of_prometheus_client(registry, accept, slice_lines):
    form = choose_format(accept)
    assert (
        rendered(registry, accept, slice_lines=slice_lines).decode()
        == form.encoder(registry).decode()
    )


@pytest.mark.parametrize(
    ("accept", "parse"),
    [
        (OPENMETRICS, openmetrics_parser.text_string_to_metric_families),
        ("", text_string_to_metric_families),
    ],
)
def test_parser_reads_back_what_was_recorded(accept, parse):
    registry = CollectorRegistry()
    registry.set_target_info({"service_name": "api"})
    Counter("hits", "Hits.", ["path"], registry=registry).labels('a"b\\c\nd').inc(3, TRACE)
    Gauge("level_ratio", "Level.", registry=registry).set(-math.inf)
    latency = Histogram(
        "latency_seconds", "Latency.", ["route"], registry=registry, buckets=(0.1, 2500000)
    )
    latency.labels("").observe(0.05, TRACE)
    latency.labels("").observe(9e9)
    Summary("sizes", "Sizes.", registry=registry).observe(7)
    read = {
        sample
        for family in parse(rendered(registry, accept).decode())
        for sample in map(flat, family.samples)
    }
    recorded = {sample for family in registry.collect() for sample in map(flat, family.samples)}
    exemplars = {("hits_total", 3.0), ("latency_seconds_bucket", 0.05)} if accept else set()
    assert {sample[:3] for sample in read} == {sample[:3] for sample in recorded}
    assert {(sample[0], sample[3][1]) for sample in read if sample[3]} == exemplars


def flat(sample):
    exemplar = sample.exemplar and (tuple(sample.exemplar.labels.items()), sample.exemplar.value)
    return sample.name, tuple(sorted(sample.labels.items())), sample.value, exemplar


class Custom:
    def collect(self):
        yield CounterMetricFamily("custom_seen", "Seen.", value=1, created=5.0)
        histogram = GaugeHistogramMetricFamily("custom_sizes", "Sizes.", labels=["kind"])
        histogram.add_metric(["x"], [("1.0", 2), ("+Inf", 3)], 4.5, timestamp=1.5)
        yield histogram
        gauge = GaugeMetricFamily("custom_level", "Level.", labels=["kind"])
        gauge.add_metric(["y"], 2, timestamp=Timestamp(1, 5))
        yield gauge
        yield UnknownMetricFamily("custom_unknown", "Unknown.", value=9)


class Renamed(Counter):
    def _child_samples(self):
        return [super()._child_samples()[0]._replace(labels={"added": "yes"})]


@pytest.mark.parametrize("accept", ACCEPTS)
def test_custom_collectors_and_subclasses_are_rendered_by_prometheus_client(accept):
    registry = CollectorRegistry()
    registry.register(Custom())
    Renamed("renamed", "Renamed.", registry=registry).inc()
    assert rendered(registry, accept) == choose_format(accept).encoder(registry)


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_constant_labels_are_on_every_sample_but_the_targets(accept, strict):
    registry = CollectorRegistry()
    registry.set_target_info({"service_name": "api"})
    registry.register(Custom())
    Counter("hits", "Hits.", ["path"], registry=registry).labels("/").inc(3, TRACE)
    Counter("builds", "Builds.", ["service_version"], registry=registry).labels("own").inc()
    Histogram("seconds", "Seconds.", registry=registry, buckets=(1,)).observe(0.5)
    Gauge("level", "Level.", registry=registry).set_function(lambda: 7)
    form = choose_format(accept)
    exposition = Exposition(registry, strict, {"service_version": '1.2"3'})
    parse = (
        openmetrics_parser.text_string_to_metric_families
        if form.openmetrics
        else text_string_to_metric_families
    )
    read = [
        sample
        for family in parse(b"".join(exposition.render(form)).decode())
        for sample in family.samples
    ]
    plain = [
        sample for family in parse(form.encoder(registry).decode()) for sample in family.samples
    ]
    assert sorted(map(flat, read)) == sorted(
        flat(sample._replace(labels={"service_version": '1.2"3', **sample.labels}))
        if sample.name != "target_info"
        else flat(sample)
        for sample in plain
    )
    assert {sample.labels["service_version"] for sample in read if "builds" in sample.name} == {
        "own"
    }


def test_created_samples_of_our_instruments_are_left_out():
    prometheus_client.enable_created_metrics()
    registry = CollectorRegistry()
    Counter("hits", "Hits.", registry=registry).inc()
    Summary("sizes", "Sizes.", registry=registry).observe(1)
    Histogram("seconds", "Seconds.", registry=registry).observe(1)
    text = rendered(registry, OPENMETRICS)
    prometheus_client.disable_created_metrics()
    assert text == choose_format(OPENMETRICS).encoder(registry)


def test_templates_follow_removed_children_and_gauges_that_become_callbacks(strict):
    registry = CollectorRegistry()
    hits = Counter("hits", "Hits.", ["path"], registry=registry)
    level = Gauge("level", "Level.", registry=registry)
    exposition, form = Exposition(registry, strict), choose_format("")

    def is_the_same():
        return b"".join(exposition.render(form)) == form.encoder(registry)

    hits.labels("a").inc()
    hits.labels("b").inc(2)
    level.set(3)
    assert is_the_same()
    hits.remove("a")
    level.set_function(lambda: 7)
    assert is_the_same()
    hits.clear()
    hits.labels("b").inc(9)
    assert is_the_same()
    registry.unregister(hits)
    assert is_the_same()


def test_slices_are_whole_lines_of_about_the_size_asked_for(strict):
    registry = CollectorRegistry()
    hits = Counter("hits", "Hits.", ["path"], registry=registry)
    for number in range(100):
        hits.labels(str(number)).inc()
    slices = list(Exposition(registry, strict).render(choose_format(OPENMETRICS), slice_lines=30))
    assert [(part.count(b"\n"), part[-1:]) for part in slices] == [
        (29, b"\n"),
        (30, b"\n"),
        (30, b"\n"),
        (14, b"\n"),
    ]


def test_lone_surrogate_does_not_break_the_scrape():
    registry = CollectorRegistry()
    Counter("hits", "Hits.", ["path"], registry=registry).labels("\udce9").inc()
    assert (
        rendered(registry, "")
        == b'# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total{path="?"} 1.0\n'
    )


def test_broken_collector_costs_only_its_own_family():
    seen = []
    registry = CollectorRegistry()
    Gauge("broken", "Raises.", registry=registry).set_function(lambda: 1 / 0)
    registry.register(Broken())
    Gauge("whole", "Whole.", registry=registry).set(1)
    text = b"".join(
        Exposition(registry, Guard(strict=False, on_error=seen.append)).render(
            choose_format(OPENMETRICS)
        )
    )
    assert text == (
        b"# HELP broken Raises.\n# TYPE broken gauge\n"
        b"# HELP whole Whole.\n# TYPE whole gauge\nwhole 1.0\n# EOF\n"
    )
    assert seen == ["exposition", "exposition"]


class Broken:
    def collect(self):
        raise RuntimeError("no families")


def test_threads_render_while_others_observe_and_nothing_is_lost(strict):
    registry = CollectorRegistry()
    hits = Histogram("seconds", "Seconds.", ["path"], registry=registry, buckets=(1.0,))
    exposition, form = Exposition(registry, strict), choose_format(OPENMETRICS)
    texts = []

    def observe(thread):
        for number in range(2000):
            hits.labels(f"{thread}-{number % 200}").observe(0.5)

    def render():
        texts.extend(b"".join(exposition.render(form, slice_lines=50)) for _ in range(20))

    threads = [
        native.NativeThread(work)
        for work in (partial(observe, 0), partial(observe, 1), render, render)
    ]
    for thread in threads:
        thread.start()
    while not all(thread.ended for thread in threads):
        native.sleep(0.01)
    assert len(texts) == 40
    assert all(text.endswith(b"# EOF\n") for text in texts)
    [family] = openmetrics_parser.text_string_to_metric_families(
        b"".join(exposition.render(form)).decode()
    )
    assert sum(sample.value for sample in family.samples if sample.name == "seconds_count") == 4000
