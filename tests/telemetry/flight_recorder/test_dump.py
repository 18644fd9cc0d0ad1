"""What a dump writes."""

import gevent
import pytest

from telemetry.debug_page import Page
from tests.support.polling import wait_until

pytestmark = pytest.mark.slow


def dump_of(observed):
    observed.flight.request_dump()

    def lines():
        found = [each for each in observed.written() if each["message"].startswith("dump: ")]
        return found if found and found[-1]["message"] == "dump: end" else None

    return wait_until(lines, what="the end of a dump")


def test_a_dump_has_requests_pools_and_the_recent_past(shop):
    observed = shop()
    observed.flight.pages({"/debug/pool": lambda _: Page("Pool", [], {"pools": [{"used": 3}]})})
    observed.get("/fail/anna")
    request = observed.spawn("/slow")
    gevent.sleep(0.05)
    lines = dump_of(observed)
    assert [each["message"].split(" for ")[0] for each in lines] == [
        "dump: 1 requests in flight, 1 bad ones kept",
        "dump: request in flight: GET /slow",
        "dump: /debug/pool",
        *[each["message"] for each in lines[3:4]],
        "dump: end",
    ]
    live, pool, past = lines[1:4]
    assert live["waiting"][0]["subject"] == "find orders {status} on 127.0.0.1:27017"
    assert any(frame.endswith("slow") for frame in live["stacks"])
    assert pool["pools"] == [{"used": 3}]
    assert past["message"].startswith("dump: failed request: GET /fail/<name>, ")
    assert (past["status"], past["outcome"]) == (500, "failed")
    request.join()


def test_a_page_that_fails_does_not_end_the_recorder(shop):
    observed = shop(strict=False)
    observed.flight.pages({"/debug/hub": lambda _: 1 / 0})
    observed.flight.request_dump()
    wait_until(lambda: "flight.chore" in observed.errors, what="the guard")
    observed.get("/fail/anna")
    assert len(observed.kept()) == 1
