"""Requests to stop: which signals are one request, which a second one, and a hub that is stuck."""

import os
import signal
import subprocess
import sys
import threading

import gevent
import pytest

from telemetry.server.shutdown_signal import SAME_SIGNAL_SECONDS, ShutdownSignal
from tests.clock import Clock
from tests.support.processes import ROOT


@pytest.fixture
def clock():
    return Clock(100.0)


@pytest.fixture
def shutdown_signal(clock):
    shutdown_signal = ShutdownSignal(limit_seconds=600, clock=clock)
    yield shutdown_signal
    shutdown_signal.disarm_watchdog()


def state(shutdown_signal):
    return shutdown_signal.reason, shutdown_signal.forced


def test_the_first_reason_counts(shutdown_signal):
    shutdown_signal.request("the arbiter is gone")
    shutdown_signal.request("reload")

    assert state(shutdown_signal) == ("the arbiter is gone", False)


def test_signals_that_arrive_together_are_one_request(shutdown_signal, clock):
    shutdown_signal.on_signal(signal.SIGINT)
    clock.now += SAME_SIGNAL_SECONDS - 0.01
    shutdown_signal.on_signal(signal.SIGTERM)

    assert state(shutdown_signal) == ("SIGINT", False)


def test_later_signal_forces(shutdown_signal, clock):
    shutdown_signal.on_signal(signal.SIGINT)
    clock.now += SAME_SIGNAL_SECONDS
    shutdown_signal.on_signal(signal.SIGINT)

    assert state(shutdown_signal) == ("SIGINT", True)


def test_force_without_a_request_before_is_a_request_too(shutdown_signal):
    shutdown_signal.force("SIGQUIT")

    assert state(shutdown_signal) == ("SIGQUIT", True)


@pytest.mark.parametrize("sender", ["signal", "thread", "greenlet"])
def test_request_from_anywhere_wakes_the_greenlet_that_waits(shutdown_signal, sender):
    before = signal.signal(signal.SIGUSR2, shutdown_signal.on_signal)
    senders = {
        "signal": lambda: os.kill(os.getpid(), signal.SIGUSR2),
        "thread": lambda: threading.Thread(
            target=shutdown_signal.request, args=["SIGUSR2"]
        ).start(),
        "greenlet": lambda: shutdown_signal.request("SIGUSR2"),
    }
    gevent.spawn_later(0.01, senders[sender])
    try:
        with gevent.Timeout(30):
            shutdown_signal.wait()
    finally:
        signal.signal(signal.SIGUSR2, before)

    assert state(shutdown_signal) == ("SIGUSR2", False)


BLOCKED = """
import os, signal, time
from telemetry.server.shutdown_signal import ShutdownSignal
signal.signal(signal.SIGTERM, ShutdownSignal(limit_seconds=0.2).on_signal)
def hold_the_hub():
    while True:
        pass
os.kill(os.getpid(), signal.SIGTERM)
hold_the_hub()
"""


def test_hub_that_never_comes_back_does_not_keep_the_process():
    ended = subprocess.run(
        [sys.executable, "-c", BLOCKED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "in hold_the_hub" in ended.stderr
