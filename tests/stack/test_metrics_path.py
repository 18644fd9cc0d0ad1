"""From an exposition to Prometheus, through the Collector.

The exact labels, the exemplars, and what happens when a worker ends.
"""

import http.server
import socket
import time
from collections.abc import Iterator
from threading import Thread

import pytest
import requests
from prometheus_client import CollectorRegistry, Gauge, Histogram, start_http_server

from stack.runner import Stack
from tests.support.polling import wait_until_equal

pytestmark = pytest.mark.e2e

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def instance_id(slot: int) -> str:
    """Return the name of a worker on this machine, as the stack's scrape targets give it."""
    return f"{socket.gethostname()}/{slot}"


class Worker:
    """A management port that exposes metrics as a worker of the service does."""

    def __init__(self, port: int, slot: int) -> None:
        self.registry = CollectorRegistry(
            target_info={
                "service_name": "serene",
                "service_version": "1.2.3",
                "service_instance_id": instance_id(slot),
                "deployment_environment_name": "development",
            }
        )
        Gauge("gevent_greenlets", "Of the worker.", registry=self.registry).set(slot + 1)
        latency = Histogram(
            "http_server_request_duration_seconds", "Latency.", registry=self.registry, buckets=[1]
        )
        latency.observe(0.5, {"trace_id": TRACE_ID})
        self._server: http.server.HTTPServer
        self._thread: Thread
        self._server, self._thread = start_http_server(port, "127.0.0.1", self.registry)

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def workers(own_stack: Stack) -> Iterator[list[Worker]]:
    for name in ("collector", "prometheus"):
        own_stack.start(name)
    for name in ("collector", "prometheus"):
        own_stack.wait_ready(name)
    running = [Worker(own_stack.port("service", "management") + slot, slot) for slot in range(2)]
    yield running
    for worker in running:
        worker.end()


def query(stack: Stack, expression: str) -> list[tuple[dict[str, str], float]]:
    answer = requests.get(
        f"{stack.url('prometheus')}/api/v1/query", params={"query": expression}, timeout=60
    ).json()
    found = [(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]
    return sorted(found, key=lambda item: item[0].get("service_instance_id", ""))


def labels(stack: Stack, name: str, slot: int, **more: str) -> dict[str, str]:
    return {
        "__name__": name,
        "job": "serene",
        "instance": f"127.0.0.1:{stack.port('service', 'management') + slot}",
        "service_name": "serene",
        "service_instance_id": instance_id(slot),
        "deployment_environment_name": "development",
        **more,
    }


def test_series_have_their_workers_labels_and_end_with_it(
    own_stack: Stack, workers: list[Worker]
) -> None:
    greenlets, up = "gevent_greenlets", 'up{job="serene"}'
    wait_until_equal(
        lambda: query(own_stack, greenlets),
        [(labels(own_stack, greenlets, 0), 1.0), (labels(own_stack, greenlets, 1), 2.0)],
    )
    wait_until_equal(
        lambda: query(own_stack, up),
        [(labels(own_stack, "up", 0), 1.0), (labels(own_stack, "up", 1), 1.0)],
    )
    info = [
        (labels(own_stack, "target_info", slot, service_version="1.2.3"), 1.0) for slot in range(2)
    ]
    wait_until_equal(lambda: query(own_stack, "target_info"), info)

    workers.pop().end()
    # Gone at the next scrape, not after Prometheus' five minutes; `up` keeps its labels.
    wait_until_equal(lambda: query(own_stack, greenlets), [(labels(own_stack, greenlets, 0), 1.0)])
    wait_until_equal(lambda: query(own_stack, "target_info"), info[:1])
    wait_until_equal(
        lambda: query(own_stack, up),
        [(labels(own_stack, "up", 0), 1.0), (labels(own_stack, "up", 1), 0.0)],
    )


@pytest.mark.usefixtures("workers")
def test_exemplars_arrive_with_their_trace_id(own_stack: Stack) -> None:
    name = "http_server_request_duration_seconds_bucket"

    def exemplars() -> list[tuple[str, str, dict[str, str], str]]:
        window = {"query": name, "start": str(time.time() - 60), "end": str(time.time())}
        answer = requests.get(
            f"{own_stack.url('prometheus')}/api/v1/query_exemplars", params=window, timeout=60
        ).json()
        return sorted(
            (
                series["seriesLabels"]["service_instance_id"],
                series["seriesLabels"]["le"],
                exemplar["labels"],
                exemplar["value"],
            )
            for series in answer["data"]
            for exemplar in series["exemplars"]
        )

    wait_until_equal(
        exemplars,
        [(slot, "1", {"trace_id": TRACE_ID}, "0.5") for slot in (instance_id(0), instance_id(1))],
    )


@pytest.mark.usefixtures("workers")
def test_collectors_own_metrics_have_a_stable_instance(own_stack: Stack) -> None:
    instance = f"127.0.0.1:{own_stack.port('collector', 'metrics')}"
    up = {"__name__": "up", "job": "otelcol", "instance": instance}
    wait_until_equal(lambda: query(own_stack, 'up{job="otelcol"}'), [(up, 1.0)])
    assert query(own_stack, "otelcol_process_uptime")[0][0]["instance"] == instance
