"""Two workers are distinguished by slot, and the death of one does not affect the other."""

import os
import signal
import socket

import pytest
import requests

from tests.e2e.load import Load
from tests.e2e.metrics import query
from tests.e2e.polling import poll

pytestmark = pytest.mark.e2e

INSTANCES = "count by (service_instance_id) (http_server_request_duration_seconds_count)"


def worker_pid(service, slot):
    """The pid of the worker in a slot by its management port; ``None`` while the slot is empty."""
    try:
        return requests.get(f"{service.management_of(slot)}/health", timeout=60).json()["process"][
            "pid"
        ]
    except requests.RequestException:
        return None


def test_both_workers_are_in_prometheus_under_their_slots(stack):
    prometheus = stack.url("prometheus")
    with Load(stack.url("service"), ["/api/v1/blog/posts"], clients=8, keep_alive=False):
        found = poll(
            lambda: series if len(series := query(prometheus, INSTANCES)) == 2 else None,
            what="both instances",
        )
    assert {series["metric"]["service_instance_id"] for series in found} == {
        f"{socket.gethostname()}/{slot}" for slot in (0, 1)
    }


def test_killed_worker_leaves_the_series_of_the_other_and_its_slot_to_its_successor(
    own_stack, serve
):
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    service = serve(own_stack, workers=2)
    paths = ["/api/v1/blog/posts", "/api/v1/health", "/nothing", "/"]

    def of_all(name):
        return [service.scrape(slot).total(name) for slot in (0, 1)]

    with Load(service.url, paths, clients=16, pause_seconds=0.01, keep_alive=False):
        poll(lambda: min(of_all("http_server_request_duration_seconds_count")) > 20, what="load")
    poll(lambda: not any(of_all("http_server_active_requests")), what="the end of each request")
    before = {slot: worker_pid(service, slot) for slot in (0, 1)}
    assert len(set(before.values())) == 2

    def of_requests(slot):
        return {
            (s.name, *sorted(s.labels.items())): s.value
            for s in service.scrape(slot).samples
            if s.name.startswith("http_server_request_duration")
        }

    survivor = of_requests(1)
    os.kill(before[0], signal.SIGKILL)
    poll(lambda: (pid := worker_pid(service, 0)) and pid != before[0], what="a successor in slot 0")
    assert of_requests(1) == survivor
    assert worker_pid(service, 1) == before[1]
    assert of_requests(0) == {}
