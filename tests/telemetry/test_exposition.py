"""Our renderer says what prometheus_client's says, and its slices are whole lines."""

import importlib.metadata
import math
from functools import partial

import prometheus_client
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
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

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
ACCEPTS = [
    "",
    "text/html",
    OPENMETRICS,
    PROMETHEUS_3,
    "text/plain; version=1.0.0; escaping=allow-utf-8",
] + [
    f"application/openmetrics-text; version=1.0.0; escaping={escaping}"
    for escaping in ("dots", "values", "underscores")
]
TRACE = {"trace_id": "0af7651916cd43dd8448eb211c80319c"}


@pytest.fixture(scope="module", autouse=True)
def _client_without_created_samples():
    prometheus_client.disable_created_metrics()
    yield
    prometheus_client.enable_created_metrics()


@pytest.fixture
def strict():
    return Guard(strict=True, on_error=lambda where: pytest.fail(where))


def rendered(registry, accept, **options):
    guard = Guard(strict=True, on_error=lambda where: pytest.fail(where))
    return b"".join(Exposition(registry, guard).render(choose_format(accept), **options))


def test_prometheus_client_is_the_version_whose_private_attributes_were_read():
    assert importlib.metadata.version("prometheus_client") == "0.26.0", (
        "telemetry/exposition reads private attributes of prometheus_client: compare metrics.py, values.py and registry.py of the new "
        "version with 0.26.0, then change this line"
    )


# --- the same text, whatever is registered --------------------------------------------------------
plain_names = st.from_regex(r"[a-z][a-z0-9_]{0,8}[a-z]", fullmatch=True)
any_names = plain_names | st.sampled_from(["a.b", "héllo", "with:colon", "blank in it", 'quote"d'])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "\\", '"', "\n", "%s %%", 'a="b",c']
)
values = st.floats(width=64)
positive = st.floats(min_value=0) | st.just(math.nan)
exemplars = st.none() | st.dictionaries(st.sampled_from(["trace_id", "span_id"]), texts, min_size=1)


@st.composite
def registries(draw):
    registry = CollectorRegistry()
    for number, family in enumerate(
        draw(
            st.lists(
                st.sampled_from([counter, gauge, histogram, summary, info, enum, callback]),
                max_size=5,
            )
        )
    ):
        # One prefix each, so that no two families clash.
        family(
            draw,
            f"m{number}_{draw(any_names)}",
            draw(st.lists(any_names, max_size=2, unique=True)),
            registry,
        )
    if draw(st.booleans()):
        registry.set_target_info({"service_name": draw(texts.filter(bool))})
    return registry


def children(draw, instrument, labels):
    if not labels:
        return [instrument]
    sets = st.lists(st.tuples(*(texts for _ in labels)), max_size=3, unique=True)
    return [instrument.labels(*values) for values in draw(sets)]


def counter(draw, name, labels, registry):
    for child in children(
        draw,
        Counter(
            name, draw(texts), labels, registry=registry, unit=draw(st.sampled_from(["", "bytes"]))
        ),
        labels,
    ):
        child.inc(draw(positive), draw(exemplars))


def gauge(draw, name, labels, registry):
    for child in children(
        draw,
        Gauge(
            name,
            draw(texts),
            labels,
            registry=registry,
            unit=draw(st.sampled_from(["", "seconds"])),
        ),
        labels,
    ):
        child.set(draw(values))


def callback(draw, name, labels, registry):
    for child in children(draw, Gauge(name, draw(texts), labels, registry=registry), labels):
        value = draw(values)
        child.set_function(lambda value=value: value)


def histogram(draw, name, labels, registry):
    buckets = draw(
        st.lists(
            st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4, unique=True
        ).map(sorted)
    )
    for child in children(
        draw, Histogram(name, draw(texts), labels, registry=registry, buckets=buckets), labels
    ):
        for value in draw(st.lists(values, max_size=4)):
            child.observe(value, draw(exemplars))


def summary(draw, name, labels, registry):
    for child in children(draw, Summary(name, draw(texts), labels, registry=registry), labels):
        for value in draw(st.lists(values, max_size=2)):
            child.observe(value)


def info(draw, name, labels, registry):
    for child in children(draw, Info(name, draw(texts), labels, registry=registry), labels):
        child.info({"an_extra": draw(texts)})


def enum(draw, name, labels, registry):
    for child in children(
        draw, Enum(name, draw(texts), labels, registry=registry, states=["on", "off"]), labels
    ):
        child.state(draw(st.sampled_from(["on", "off"])))


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


# --- what the property cannot reach ---------------------------------------------------------------
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
def test_custom_collectors_and_subclasses_are_left_to_prometheus_client(accept):
    registry = CollectorRegistry()
    registry.register(Custom())
    Renamed("renamed", "Renamed.", registry=registry).inc()
    assert rendered(registry, accept) == choose_format(accept).encoder(registry)


def test_created_samples_of_our_instruments_are_left_out():
    prometheus_client.enable_created_metrics()
    registry = CollectorRegistry()
    Counter("hits", "Hits.", registry=registry).inc()
    Summary("sizes", "Sizes.", registry=registry).observe(1)
    Histogram("seconds", "Seconds.", registry=registry).observe(1)
    text = rendered(registry, OPENMETRICS)
    prometheus_client.disable_created_metrics()
    assert text == choose_format(OPENMETRICS).encoder(registry)


def test_kept_templates_follow_children_that_go_and_gauges_that_become_callbacks(strict):
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
    assert (
        text
        == b"# HELP broken Raises.\n# TYPE broken gauge\n# HELP whole Whole.\n# TYPE whole gauge\nwhole 1.0\n# EOF\n"
    )
    assert seen == ["exposition", "exposition"]


class Broken:
    def collect(self):
        raise RuntimeError("no families")


@pytest.mark.parametrize(
    "accept", [*ACCEPTS, "application/openmetrics-text", "text/plain; version=0.0.4", "*/*", ",;=,"]
)
def test_content_type_is_what_prometheus_client_negotiates(accept):
    assert (
        choose_format(accept).content_type == prometheus_client.exposition.choose_encoder(accept)[1]
    )


def test_version_that_is_no_number_gets_the_plain_text_format():
    assert (
        choose_format("application/openmetrics-text; version=x").content_type
        == "text/plain; version=0.0.4; charset=utf-8"
    )


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
