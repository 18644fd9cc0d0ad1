"""What `serene trace` shows of the flight recorders of the workers."""

from collections.abc import Mapping
from typing import Any

import pytest

from stack.recorded import described, find
from telemetry.debug_page import REST, Page, Query
from tests.support.ports import free_port
from tests.telemetry.management.clients import serving

MEMBERS: dict[str, Any] = {
    "requestId": "1",
    "method": "GET",
    "route": "/orders",
    "reason": "slow",
    "outcome": "completed",
    "status": 200,
    "durationSeconds": 2.0,
    "beganUnixSeconds": 1_700_000_000.0,
    "phaseSeconds": {"cpu": 0.5, "db_pool_wait": 1.5, "other": 0.0},
    "snapshots": [
        {
            "ageSeconds": 1.0,
            "state": "db_pool_wait for 0.900 s",
            "openWaits": [{"heldBy": ["connection 3: request 7"]}],
            "stacks": [{"frames": ["orders.py:3 orders", "pool.py:9 get"]}],
        }
    ],
    "events": [
        {
            "name": "hub.waited",
            "unixSeconds": 1_700_000_001.5,
            "attributes": {"hub.seconds": 0.2, "hub.code": "a:b"},
        }
    ],
    "logLines": [
        {"time": "t", "level": "DEBUG", "logger": "shop", "message": "reading"},
    ],
}


def worker(**known: Mapping[str, Any]) -> Any:
    """Serve the management port of a worker that knows some requests."""

    def page(query: Query) -> Page:
        found = known.get(query[REST])
        return Page("", [], found or {}, status=200 if found else 404)

    return serving(pages={"/debug/requests/": page})


@pytest.mark.parametrize(("searched", "slot"), [("a", 0), ("b", 3), ("c", None)])
def test_every_worker_is_asked_also_beside_one_that_restarts(
    searched: str, slot: int | None
) -> None:
    with worker(a={"n": 0}) as first, worker() as second, worker(b={"n": 3}) as fourth:
        gone = free_port()
        ports = [first.port, second.port, gone, fourth.port, gone, gone]
        found = find(ports, searched)
    assert found == (None if slot is None else (slot, {"n": slot}))


def test_the_search_ends_where_there_are_no_more_workers() -> None:
    gone = free_port()
    with worker(a={"n": 0}) as beyond:
        assert find([gone, gone, beyond.port], "a") is None


def test_a_recorded_request_is_shown_with_all_that_explains_it() -> None:
    assert list(described(1, MEMBERS)) == [
        "Recorded by worker 1: GET /orders, slow, completed, status 200, 2.000 s",
        f"  db_pool_wait      1.500 s  {'█' * 22}",
        f"  cpu               0.500 s  {'█' * 8}",
        "  at 1.000 s: db_pool_wait for 0.900 s",
        "    held: connection 3: request 7",
        "    orders.py:3 orders",
        "    pool.py:9 get",
        "  at 1.500 s: hub.waited",
        "    hub.seconds: 0.2",
        "    hub.code: a:b",
        "  t DEBUG   shop: reading",
    ]


def test_one_in_flight_is_shown_as_such() -> None:
    first = next(described(0, {**MEMBERS, "inFlight": True, "outcome": None, "status": None}))
    assert first == "Recorded by worker 0: GET /orders, in flight, status None, 2.000 s"
