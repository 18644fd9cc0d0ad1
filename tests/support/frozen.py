"""Stopped processes (SIGSTOP), which keep their connections and answer nothing."""

import os
import signal
from pathlib import Path
from typing import Final

from tests.support.polling import wait_until

_STOPPED: Final = frozenset("Tt")


def freeze(pid: int) -> None:
    """Stop a process, and wait until each of its threads has stopped.

    ``kill`` returns before that: a thread on another processor may still answer.
    """
    os.kill(pid, signal.SIGSTOP)
    wait_until(
        lambda: _states(pid) <= _STOPPED, what=f"process {pid} has stopped", interval_seconds=0.001
    )


def thaw(pid: int) -> None:
    """Let a stopped process continue."""
    os.kill(pid, signal.SIGCONT)


def _states(pid: int) -> set[str]:
    # Source: proc(5), /proc/pid/stat: the state follows the name, which may hold any character.
    states = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        states.add((task / "stat").read_text().rpartition(")")[2].split()[0])
    return states
