"""Instruments follow their descriptors, lock natively, and are cheap to find again."""

import socket
import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.metrics import Metrics, observe_traced


def test_instrument_is_made_once_from_its_descriptor():
    metrics = Metrics()
    made = metrics.histogram(names.REQUEST_DURATION)
    assert metrics.histogram(names.REQUEST_DURATION) is made
    assert made.describe()[0].name == names.REQUEST_DURATION.name
    assert (made._labelnames, tuple(made._upper_bounds[:-1])) == (
        names.REQUEST_DURATION.labels,
        names.REQUEST_DURATION.buckets,
    )


def test_instrument_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="telemetry_spans_total is a counter, not a gauge"):
        Metrics().gauge(names.SPANS)


def test_children_are_those_of_the_instrument():
    metrics = Metrics()
    metrics.counters(names.SPANS)["ratio",].inc(2)
    metrics.gauges(names.SERVICE_STATE)["ready",].set(1)
    metrics.histograms(names.POOL_WAIT)["db:27017",].observe(0.5)
    assert metrics.counters(names.SPANS) is metrics.counters(names.SPANS)
    assert metrics.counters(names.SPANS)["ratio",] is metrics.counter(names.SPANS).labels("ratio")
    assert metrics.registry.get_sample_value("telemetry_spans_total", {"decision": "ratio"}) == 2
    assert metrics.registry.get_sample_value("service_state", {"state": "ready"}) == 1
    assert (
        metrics.registry.get_sample_value(
            "db_client_connection_wait_time_seconds_sum", {names.POOL: "db:27017"}
        )
        == 0.5
    )


def test_children_refuse_a_wrong_number_of_labels_and_keep_nothing():
    children = Metrics().counters(names.SPANS)
    with pytest.raises(ValueError, match="Incorrect label count"):
        children["ratio", "extra"]
    assert children == {}


@pytest.mark.parametrize(
    ("trace_id", "labels"),
    [
        ("0af7651916cd43dd8448eb211c80319c", {"trace_id": "0af7651916cd43dd8448eb211c80319c"}),
        ("", None),
    ],
)
def test_observation_of_a_kept_trace_has_an_exemplar(trace_id, labels):
    metrics = Metrics()
    observe_traced(metrics.histogram(names.EXPORT_DURATION).labels("ok"), 0.02, trace_id)
    [family] = metrics.registry.restricted_registry(
        [f"{names.EXPORT_DURATION.name}_bucket"]
    ).collect()
    exemplars = [
        (sample.labels["le"], sample.exemplar and (sample.exemplar.labels, sample.exemplar.value))
        for sample in family.samples
    ]
    assert exemplars == [
        (le, (labels, 0.02) if labels and le == "0.05" else None) for le, _ in exemplars
    ]
    assert [sample.value for sample in family.samples] == [0, 0, 1, 1, 1, 1, 1, 1, 1]


def test_target_info_identifies_the_process():
    metrics = Metrics()
    metrics.describe_target(
        TelemetryConfig(service_name="api", service_version="1.2.3", slot=2, environment="test")
    )
    [family] = metrics.registry.collect()
    [sample] = family.samples
    assert (family.name, family.type, sample.name, sample.value) == (
        "target",
        "info",
        "target_info",
        1,
    )
    assert sample.labels == {
        "service_name": "api",
        "service_version": "1.2.3",
        "service_instance_id": f"{socket.gethostname()}/2",
        "deployment_environment_name": "test",
    }


PATCHED = """
from gevent import monkey
monkey.patch_all()
import threading
from telemetry import names
from telemetry.metrics import Metrics, use_native_locks
use_native_locks()
metrics = Metrics()
native, patched = type(monkey.get_original("_thread", "allocate_lock")()), type(threading.Lock())
assert native is not patched
histogram = metrics.histogram(names.POOL_WAIT)
child = histogram.labels("db")
buckets = [bucket._lock for bucket in child._buckets]
locks = [metrics.registry._lock, histogram._lock, child._sum._lock, *buckets]
assert {type(lock) for lock in locks} == {native}, locks
"""


def test_locks_are_native_in_a_patched_process():
    subprocess.run([sys.executable, "-c", PATCHED], check=True, timeout=60)


def test_given_registry_is_used():
    registry = CollectorRegistry()
    assert Metrics(registry).registry is registry
