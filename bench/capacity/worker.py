"""Memory of a worker and of its connections, and the series of its metrics."""

import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final

import psutil
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bench.capacity.figures import Memory, Series
from bench.capacity.sender import send
from bench.capacity.stand import Stand
from bench.capacity.steps import API, Request, Step
from dashboards import fleet
from telemetry import names

CONNECTIONS: Final = 80
"""Less than ``CONNECTIONS_PER_ADDRESS`` and ``COMPANION_AT_ONCE``."""
SETTINGS: Final = {"MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS": "20"}
HOLD_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 2.0


def memory(stand: Stand, messages: Step) -> Memory:
    """Measure the memory of idle connections, and of requests that wait for the model.

    Args:
        stand: With one worker that has answered every kind of request.
        messages: To the companion, not streamed.
    """
    before = stand.processes.resident_mib()
    with ExitStack() as opened:
        for _ in range(CONNECTIONS):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", stand.port)))
            connection.sendall(Request("GET", f"{API}/health/liveness").raw())
            connection.recv(65536)
        time.sleep(_SETTLE_SECONDS)
        idle = stand.processes.resident_mib() - before
    active = _active_mib(stand, messages)
    arbiter = psutil.Process(stand.processes.arbiter.pid).memory_info().rss / 2**20
    return Memory(
        worker_mib=before,
        arbiter_mib=arbiter,
        idle_connection_kib=idle / CONNECTIONS * 1024,
        active_connection_kib=active / CONNECTIONS * 1024,
        connections=CONNECTIONS,
    )


def _active_mib(stand: Stand, messages: Step) -> float:
    """Return how much memory the worker has more while so many requests wait for the model."""
    some = [messages.requests[n % len(messages.requests)] for n in range(CONNECTIONS)]
    step = Step("held", some, at_once=CONNECTIONS)
    _behave(stand, first_byte_seconds=0.0)
    send(stand.port, step)  # the first ones leave memory that later ones use again
    time.sleep(_SETTLE_SECONDS)
    before = stand.processes.resident_mib()
    _behave(stand, first_byte_seconds=HOLD_SECONDS)
    clients = threading.Thread(target=send, args=(stand.port, step))
    clients.start()
    time.sleep(HOLD_SECONDS * 0.75)
    more = stand.processes.resident_mib() - before
    clients.join()
    return more


def _behave(stand: Stand, *, first_byte_seconds: float) -> None:
    model = stand.stack.url("model").removesuffix("/v1")
    body = json.dumps({"first_byte_seconds": first_byte_seconds}).encode()
    request = urllib.request.Request(f"{model}/behaviour", body, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


def series(text: str) -> Series:
    """Count the series of an exposition.

    Args:
        text: Of one worker, in Prometheus' format.
    """
    families = [
        family
        for family in text_string_to_metric_families(text)
        if not family.name.endswith("_created")
    ]
    samples = [sample for family in families for sample in family.samples]
    buckets = [sample for sample in samples if sample.name.endswith("_bucket")]
    histograms = [family for family in families if family.type == "histogram"]
    return Series(
        total=len(samples),
        buckets=len(buckets),
        histograms=sum(
            sample.name.endswith("_count") for one in histograms for sample in one.samples
        ),
        request_buckets=sum(
            sample.name == f"{names.REQUEST_DURATION.name}_bucket" for sample in buckets
        ),
        recorded=recorded(families),
        scrape_bytes=len(text),
    )


def recorded(families: Iterable[Metric]) -> int:
    """Return how many series the sums over all instances have, from the series of one of them."""
    found = set()
    for family in families:
        for sample in family.samples:
            kept = fleet.SUMS.get(sample.name)
            if kept is not None:
                values = tuple(sample.labels.get(label, "") for label in kept.labels)
                found.add((kept.record, values))
    return len(found)
