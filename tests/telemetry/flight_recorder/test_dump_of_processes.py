"""SIGUSR1 to a server writes what goes on into its log, and changes nothing else."""

from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM, SIGUSR1

import pytest

from tests.support.polling import wait_until
from tests.support.processes import SERVERS, get_management
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e


def dumped(how):
    """With one request that waits, and one that has failed before."""
    with ThreadPoolExecutor(1) as clients, SERVERS[how](WEB_CONCURRENCY=1) as server:
        port = server.wait_until_ready()["port"]
        failed = server.get("/nothing-fails-here").status
        slow = clients.submit(server.get, "/slow?seconds=4")
        wait_until(
            lambda: any(
                each["route"] == "/slow"
                for each in get_management(port, "/debug/requests").json["requests"]
            ),
            what="the request",
        )
        server.signal(SIGUSR1)
        server.wait_for_log("dump: end")
        (line,) = server.logged("dump: request in flight: GET /slow")
        result = {
            "failed": failed,
            "begin": [each["in_flight"] for each in server.logged("dump: 1 requests in flight")],
            "level": (line["level"], line["logger"]),
            "stack": any(frame.endswith(" slow") for frame in line["stacks"]),
            "ids": len(line["request_id"]) == 36 and len(line["trace_id"]) == 32,
            "slow": slow.result().status,
            "after": server.get("/who").status,
        }
        server.signal(SIGTERM)
        return {**result, "code": server.exit_code()}


@scenarios(*[(dumped, how) for how in SERVERS])
def test_what_goes_on_is_written(outcome):
    assert outcome == {
        "failed": 404,
        "begin": [1],
        "level": ("WARNING", "telemetry.flight_recorder"),
        "stack": True,
        "ids": True,
        "slow": 200,
        "after": 200,
        "code": 0,
    }


def held(how):
    """While a request holds the hub, with code that lets signal handlers run."""
    with ThreadPoolExecutor(1) as clients, SERVERS[how](WEB_CONCURRENCY=1) as server:
        port = server.wait_until_ready()["port"]
        clients.submit(server.get, "/block?seconds=5")
        wait_until(
            lambda: get_management(port, "/debug/requests").json["inFlight"] == 1,
            what="the request",
        )
        server.signal(SIGUSR1)
        server.wait_for_log("dump: end")
        ended = [each for each in server.logged("request") if each.get("route") == "/block"]
        (line,) = server.logged("dump: request in flight: GET /block")
        return any(frame.endswith(" block") for frame in line["stacks"]), ended


@scenarios(*[(held, how) for how in SERVERS])
def test_it_is_written_while_the_hub_is_held(outcome):
    assert outcome == (True, [])
