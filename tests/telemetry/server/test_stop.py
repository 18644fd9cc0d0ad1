"""The wish to stop: which signals are one wish, which a second, and what happens when the hub never
comes back.
"""

import os
import signal
import subprocess
import sys
import threading

import gevent
import pytest

from telemetry.server.shutdown_signal import SAME_SIGNAL_SECONDS, Stop
from tests.clock import Clock
from tests.telemetry.server.processes import ROOT


@pytest.fixture
def clock():
    return Clock(100.0)


@pytest.fixture
def stop(clock):
    stop = Stop(limit_seconds=600, clock=clock)
    yield stop
    stop.disarm()


def facts(stop):
    return stop.reason, stop.forced


def test_the_first_reason_counts(stop):
    stop.ask("the arbiter is gone")
    stop.ask("reload")

    assert facts(stop) == ("the arbiter is gone", False)


def test_signals_that_come_together_are_one_wish(stop, clock):
    stop.on_signal(signal.SIGINT)
    clock.now += SAME_SIGNAL_SECONDS - 0.01
    stop.on_signal(signal.SIGTERM)

    assert facts(stop) == ("SIGINT", False)


def test_a_later_signal_forces(stop, clock):
    stop.on_signal(signal.SIGINT)
    clock.now += SAME_SIGNAL_SECONDS
    stop.on_signal(signal.SIGINT)

    assert facts(stop) == ("SIGINT", True)


def test_force_without_a_wish_before_is_a_wish_too(stop):
    stop.force("SIGQUIT")

    assert facts(stop) == ("SIGQUIT", True)


@pytest.mark.parametrize("tell", ["signal", "thread", "greenlet"])
def test_whoever_tells_wakes_the_one_that_waits(stop, tell):
    before = signal.signal(signal.SIGUSR2, stop.on_signal)
    tellers = {
        "signal": lambda: os.kill(os.getpid(), signal.SIGUSR2),
        "thread": lambda: threading.Thread(target=stop.ask, args=["SIGUSR2"]).start(),
        "greenlet": lambda: stop.ask("SIGUSR2"),
    }
    gevent.spawn_later(0.01, tellers[tell])
    try:
        with gevent.Timeout(30):
            stop.wait()
    finally:
        signal.signal(signal.SIGUSR2, before)

    assert facts(stop) == ("SIGUSR2", False)


BLOCKED = """
import os, signal, time
from telemetry.server.shutdown_signal import Stop
signal.signal(signal.SIGTERM, Stop(limit_seconds=0.2).on_signal)
def hold_the_hub():
    while True:
        pass
os.kill(os.getpid(), signal.SIGTERM)
hold_the_hub()
"""


def test_a_hub_that_never_comes_back_does_not_keep_the_process():
    ended = subprocess.run(
        [sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "in hold_the_hub" in ended.stderr
