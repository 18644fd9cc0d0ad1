"""Only the process that was started is ever signalled: real processes, told apart by start time."""

import dataclasses
import os
import signal

from stack import processes
from stack.processes import Identity
from tests.stack.conftest import Spawn

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
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


def test_identity_is_stable_while_a_process_lives_and_gone_with_it(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    identity = identity_of(sleeper.pid)
    assert (identity, processes.is_alive(identity)) == (identity_of(sleeper.pid), True)
    sleeper.process.kill()
    sleeper.process.wait()
    assert (processes.identify(sleeper.pid), processes.is_alive(identity)) == (None, False)


def test_zombie_counts_as_gone(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    identity = identity_of(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(
        os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT
    )  # ended, and not taken from the process table
    assert not processes.is_alive(identity)


def test_process_that_got_the_pid_later_is_left_alone(spawn: Spawn) -> None:
    stranger = spawn(SLEEPER)
    remembered = dataclasses.replace(identity_of(stranger.pid), started="1")
    assert not processes.is_alive(remembered)
    assert not processes.send(remembered, signal.SIGKILL)
    assert processes.stop(remembered, signal.SIGKILL, seconds=1)
    assert stranger.process.poll() is None


def test_stop_says_that_the_process_went_by_itself(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    assert processes.stop(identity_of(sleeper.pid), signal.SIGTERM, seconds=10)
    assert sleeper.process.wait() == -signal.SIGTERM


def test_stop_kills_what_ignores_the_signal_and_says_so(spawn: Spawn) -> None:
    stubborn = spawn(STUBBORN)
    assert not processes.stop(identity_of(stubborn.pid), signal.SIGTERM, seconds=0.2)
    assert stubborn.process.wait() == -signal.SIGKILL


def test_stop_reaches_a_process_that_was_suspended(spawn: Spawn) -> None:
    sleeper = spawn(SLEEPER)
    os.kill(sleeper.pid, signal.SIGSTOP)
    assert processes.stop(identity_of(sleeper.pid), signal.SIGTERM, seconds=10)
    assert sleeper.process.wait() == -signal.SIGTERM


def test_stop_takes_what_the_process_forked_with_it(spawn: Spawn) -> None:
    parent = spawn(PARENT)
    child = identity_of(int(parent.said))
    assert processes.stop(identity_of(parent.pid), signal.SIGTERM, seconds=10)
    assert not processes.is_alive(child)


def test_stop_finds_what_a_dead_process_left_behind(spawn: Spawn) -> None:
    parent = spawn(PARENT)
    identity, child = identity_of(parent.pid), identity_of(int(parent.said))
    parent.process.kill()
    parent.process.wait()
    assert processes.stop(identity, signal.SIGTERM, seconds=1)
    assert not processes.is_alive(child)
