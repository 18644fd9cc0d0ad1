"""Only the started process is signalled: real processes, identified by pid and start time."""

import dataclasses
import os
import signal

from stack import processes
from stack.processes import Identity
from tests.stack.conftest import Spawn
from tests.support.frozen import freeze

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def identity_of(pid: int) -> Identity:
    found = processes.identify(pid)
    assert found is not None
    return found


def test_identity_is_stable_until_the_process_ends(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    identity = identity_of(sleeper.pid)
    assert (identity, processes.is_alive(identity)) == (identity_of(sleeper.pid), True)
    sleeper.process.kill()
    sleeper.process.wait()
    assert (processes.identify(sleeper.pid), processes.is_alive(identity)) == (None, False)


def test_zombie_is_not_alive(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    identity = identity_of(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    # Ended, but not yet removed from the process table.
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.is_alive(identity)


def test_later_process_with_the_same_pid_is_not_signalled(spawn: Spawn) -> None:
    other = spawn(SLEEPER)
    remembered = dataclasses.replace(identity_of(other.pid), started="1")
    assert not processes.is_alive(remembered)
    assert not processes.send(remembered, signal.SIGKILL)
    assert processes.stop(remembered, signal.SIGKILL, seconds=1)
    assert other.process.poll() is None


def test_stop_returns_true_for_a_process_that_ends_on_the_signal(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    assert processes.stop(identity_of(sleeper.pid), signal.SIGTERM, seconds=10)
    assert sleeper.process.wait() == -signal.SIGTERM


def test_stop_kills_a_process_that_ignores_the_signal_and_returns_false(spawn: Spawn) -> None:
    stubborn = spawn(STUBBORN)
    assert not processes.stop(identity_of(stubborn.pid), signal.SIGTERM, seconds=0.2)
    assert stubborn.process.wait() == -signal.SIGKILL


def test_stop_ends_a_suspended_process(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    freeze(sleeper.pid)
    assert processes.stop(identity_of(sleeper.pid), signal.SIGTERM, seconds=10)
    assert sleeper.process.wait() == -signal.SIGTERM


def test_stop_ends_the_children_as_well(spawn: Spawn) -> None:
    parent = spawn(PARENT)
    child = identity_of(int(parent.first_line))
    assert processes.stop(identity_of(parent.pid), signal.SIGTERM, seconds=10)
    assert not processes.is_alive(child)


def test_stop_ends_the_children_of_a_dead_process(spawn: Spawn) -> None:
    parent = spawn(PARENT)
    identity, child = identity_of(parent.pid), identity_of(int(parent.first_line))
    parent.process.kill()
    parent.process.wait()
    assert processes.stop(identity, signal.SIGTERM, seconds=1)
    assert not processes.is_alive(child)
