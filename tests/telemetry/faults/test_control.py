"""The control route of the management port: who may press what, and that each fault ends whole."""

import json
import subprocess
import sys
import time

import gevent
import psutil
import pymongo
import pytest

from telemetry.config import TelemetryConfig
from telemetry.faults import FaultControl
from telemetry.faults import pool as pool_fault
from telemetry.faults.clock import STEP_SECONDS
from telemetry.faults.hub import HELD_SECONDS, add_up, call_that_blocks
from telemetry.hub.code_names import CodeNames
from telemetry.management.protocol import Request
from tests.architecture.sources import ROOT
from tests.support.polling import wait_until, wait_until_equal
from tests.telemetry.management.clients import get, serving

NAMES = ["small-pool", "blocked-hub", "gil-hog", "memory-leak", "clock-step"]
PATH = "/debug/faults"


@pytest.fixture
def control():
    control = FaultControl()
    control.start()
    yield control
    control.stop()
    wait_until(lambda: not any(control._is_on(name) for name in NAMES), what="all have ended")


@pytest.fixture
def management(control):
    # Nothing is served before the control is there.
    with serving() as management:
        management.control = control
        yield management


def ask(management, path, method="GET", headers=""):
    """Return the status, and the detail of a problem or the whole JSON body."""
    status, _, body = get(management, path, method=method, headers=headers)
    found = json.loads(body)
    return status, found.get("detail", found)


def press(management, name, seconds=600):
    status, row = ask(management, f"{PATH}/{name}?seconds={seconds}", "POST")
    assert (status, row["on"]) == (200, True), row
    return row


def release(management, name):
    status, row = ask(management, f"{PATH}/{name}", "DELETE")
    assert (status, row["on"]) == (200, False), row


def test_every_fault_is_listed_and_off(management):
    status, found = ask(management, PATH)
    assert status == 200
    assert [(row["name"], row["on"]) for row in found["faults"]] == [(one, False) for one in NAMES]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "detail"),
    [
        ("POST", "/none", "", 404, f"The faults are {', '.join(NAMES)}."),
        ("POST", "", "", 405, "Only GET, HEAD are allowed here."),
        ("PUT", "/clock-step", "", 405, "Only GET, HEAD, POST, DELETE are allowed here."),
        ("DELETE", "/clock-step", "", 409, "clock-step is not on."),
        (
            "POST",
            "/clock-step?seconds=3601",
            "",
            400,
            "The parameter seconds should be a whole number from 1 to 3600.",
        ),
        (
            "POST",
            "/clock-step?seconds=soon",
            "",
            400,
            "The parameter seconds should be a whole number from 1 to 3600.",
        ),
        (
            "POST",
            "/clock-step",
            "Origin: http://127.0.0.1\r\n",
            403,
            "A page in a browser may not press faults.",
        ),
        ("POST", "/small-pool", "", 409, "small-pool cannot begin: no MongoDB client is observed."),
    ],
)
def test_refusal_is_one_line(management, method, path, headers, status, detail):
    assert ask(management, f"{PATH}{path}", method, headers) == (status, detail)


def test_clients_elsewhere_press_nothing_whatever_their_token():
    token = "a-token-of-16-characters"
    with serving(config=TelemetryConfig(management_port=0, debug_token=token)) as management:
        management.control = FaultControl()
        headers = {"authorization": f"Bearer {token}"}
        request = Request("POST", f"{PATH}/clock-step", "192.0.2.1", headers, "192.0.2.7", True, 0)
        assert management._handle_request(request).status == 403


def test_without_the_setting_there_is_no_such_path():
    with serving() as management:
        assert ask(management, PATH)[0] == 404


@pytest.mark.slow
@pytest.mark.parametrize(("value", "loaded"), [("false", "False"), ("true", "True")])
def test_code_that_does_harm_is_loaded_by_the_setting_only(value, loaded):
    program = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import sys\n"
        "from telemetry import Telemetry\n"
        f"telemetry = Telemetry.from_env({{'TELEMETRY_FAULTS': '{value}'}})\n"
        "print('telemetry.faults' in sys.modules, telemetry.management.control is not None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == f"{loaded} {loaded}\n"


def test_pressing_twice_is_refused_and_changes_nothing(management):
    press(management, "clock-step")
    assert ask(management, f"{PATH}/clock-step", "POST") == (409, "clock-step is on already.")
    release(management, "clock-step")


@pytest.mark.slow
def test_fault_ends_by_itself_after_its_bound(management):
    row = press(management, "memory-leak", seconds=1)
    assert 0 < row["leftSeconds"] <= 1
    wait_until(lambda: not ask(management, f"{PATH}/memory-leak")[1]["on"], timeout_seconds=30)


def test_clock_steps_and_returns(management):
    right = time.time, time.time_ns
    press(management, "clock-step")
    stepped = time.time(), time.time_ns() / 1e9
    release(management, "clock-step")
    now = time.time()
    assert [round(one - now) for one in stepped] == [STEP_SECONDS, STEP_SECONDS]
    assert (time.time, time.time_ns) == right


def test_leaked_memory_is_resident_and_is_given_back(management):
    rss = psutil.Process().memory_info
    before = rss().rss
    press(management, "memory-leak")
    wait_until(lambda: rss().rss - before >= 5 * 2**20, what="5 MiB more")
    grown = rss().rss
    release(management, "memory-leak")
    assert grown - rss().rss >= 4 * 2**20


@pytest.mark.slow
def test_blocked_hub_holds_every_greenlet_and_can_be_released(management):
    press(management, "blocked-hub")
    longest = 0.0
    deadline = time.monotonic() + 30
    while longest < HELD_SECONDS * 0.9 and time.monotonic() < deadline:
        began = time.perf_counter()
        gevent.sleep(0.001)
        longest = max(longest, time.perf_counter() - began)
    release(management, "blocked-hub")
    assert longest >= HELD_SECONDS * 0.9


@pytest.mark.parametrize("function", [call_that_blocks, add_up])
def test_fault_is_named_as_the_culprit_that_an_application_would_be(function):
    name = CodeNames()._name(function.__code__, function.__module__)
    assert (name.label, name.own) == (f"telemetry.faults.hub:{function.__name__}", True)


def test_greedy_thread_keeps_the_interpreter(management):
    before = time.process_time(), time.thread_time()
    press(management, "gil-hog")
    wait_until(
        lambda: (time.process_time() - before[0]) - (time.thread_time() - before[1]) > 0.5,
        what="half a second of another thread's work",
    )
    release(management, "gil-hog")


def test_pool_has_one_connection_left_and_then_all(management, control, mongodb_uri):
    client = pymongo.MongoClient(mongodb_uri, maxPoolSize=5)
    control.clients.append(client)
    press(management, "small-pool")
    pool = pool_fault._pool_of(client)
    assert pool.active_sockets == 4
    assert client.admin.command("ping")["ok"] == 1.0
    release(management, "small-pool")
    wait_until_equal(lambda: pool.active_sockets, 0)
    client.close()


def test_pool_without_a_bound_cannot_be_emptied(management, control, mongodb_uri):
    client = pymongo.MongoClient(mongodb_uri, maxPoolSize=None)
    control.clients.append(client)
    assert ask(management, f"{PATH}/small-pool", "POST") == (
        409,
        "small-pool cannot begin: the pool has no bound (maxPoolSize).",
    )
    client.close()
