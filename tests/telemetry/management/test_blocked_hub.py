"""The management port answers while the hub is blocked: that is what it is for."""

import json
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tests.telemetry.management.clients import get

pytestmark = pytest.mark.e2e

# The hub is blocked until this test has its answers, or for so long.
PATIENCE_SECONDS = 25
PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gc, json, os, sys, time
import gevent
from telemetry import names, native
from telemetry.config import TelemetryConfig
from telemetry.flight_recorder import FlightRecorder
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
from telemetry.logs import Logs
from telemetry.management import Management
from telemetry.metrics import Metrics

metrics, guard = Metrics(), Guard(strict=True, on_error=print)
for number in range(100):
    metrics.histogram(names.REQUEST_DURATION).labels("GET", f"/{number}", "200").observe(0.1)
watch = HubMonitor(metrics, guard, tuple)
verdicts = {"/health/liveness": lambda: (200, {"busySeconds": watch.busy_seconds})}
config = TelemetryConfig(management_port=0)
flight = FlightRecorder(config, metrics, guard, Logs(config, metrics, guard))
management = Management(
    config,
    metrics,
    guard,
    health_verdicts=verdicts,
    in_flight=tuple,
    greenlets=watch.greenlets,
    debug_pages=flight.pages({}),
)
management.start()
watch.start()
gevent.sleep(0.1)

released = []
native.NativeThread(lambda: released.append(os.read(0, 1))).start()

def compute():
    until = time.perf_counter() + PATIENCE
    while not released and time.perf_counter() < until:
        pass

def wait():
    until = time.perf_counter() + PATIENCE
    while not released and time.perf_counter() < until:
        native.sleep(0.01)

def block():
    print(json.dumps([management.port, time.monotonic()]), flush=True)
    {"compute": compute, "wait": wait}[sys.argv[1]]()
    return time.monotonic()

freed = gevent.spawn(block).get()
hubs = {id(each) for each in gc.get_objects() if issubclass(type(each), gevent.hub.Hub)}
print(json.dumps([freed, len(hubs)]), flush=True)
sys.stdin.read()
""".replace("PATIENCE", str(PATIENCE_SECONDS))


@pytest.mark.parametrize("work", ["compute", "wait"])
def test_everything_is_answered_while_the_hub_is_blocked(work):
    command = [sys.executable, "-c", PROGRAM, work]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        port, blocked_at = json.loads(process.stdout.readline())
        served = SimpleNamespace(port=port)
        answers = {
            path: get(served, path)
            for path in ("/metrics", "/health/liveness", "/debug/requests", "/debug/stacks")
        }
        answered_at = time.monotonic()
        process.stdin.write("x")
        process.stdin.flush()
        freed_at, hubs = json.loads(process.stdout.readline())
        process.stdin.close()
    assert blocked_at < answered_at < freed_at
    assert {path: answer[0] for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert answers["/metrics"][2].count(b"http_server_request_duration_seconds_count{") == 100
    assert 0 < json.loads(answers["/health/liveness"][2])["busySeconds"] < freed_at - blocked_at
    assert f"{work}\n".encode() in answers["/debug/stacks"][2]
    assert hubs == 1
