"""A process that was stopped reports afterwards how long it was frozen."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.support.frozen import freeze, thaw

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gc, sys, time
import gevent
from telemetry import names, native
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
from telemetry.metrics import Metrics
metrics = Metrics()
monitor = HubMonitor(metrics, Guard(strict=True, on_error=print), tuple)
monitor.start()
busy = sys.argv[1] == "busy"
def turn():
    while True:
        until = time.thread_time() + (0.05 if busy else 0)
        while time.thread_time() < until:
            pass
        gevent.sleep(0.001 if busy else 0.05)
gevent.spawn(turn)
gevent.sleep(0.3)
print("started", flush=True)
def frozen():
    [family] = metrics.registry.restricted_registry([names.HUB_BLOCKED.name]).collect()
    return sum(each.value for each in family.samples if each.labels["kind"] == "frozen")
until = time.monotonic() + 20
while frozen() < 0.4 and time.monotonic() < until:
    gevent.sleep(0.01)
hubs = [each for each in gc.get_objects() if issubclass(type(each), gevent.hub.Hub)]
print(frozen(), len(hubs), flush=True)
"""


@contextmanager
def patched_process(*args):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *args], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.e2e
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_stopped_process_was_frozen(state):
    with patched_process(state) as process:
        assert process.stdout.readline() == "started\n"
        freeze(process.pid)
        time.sleep(0.7)
        thaw(process.pid)
        seconds, hubs = process.stdout.readline().split()
    assert float(seconds) >= 0.4
    assert hubs == "1"
