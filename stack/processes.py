"""Processes that outlive the command that started them, identified by pid *and* start time.

The kernel reuses pids: no signal is sent before the start time was compared, and no process is
found by name. Each started process leads its own session, so its children are found after its end.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_POLL_SECONDS = 0.05
_KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, distinct from a later one with the same pid.

    Source: proc(5), /proc/pid/stat field 22: the start time in clock ticks since boot, which no
    clock change moves.
    """

    pid: int
    started: str


def identify(pid: int) -> Identity | None:
    """Return the identity of the live process `pid`; None for a dead one or a zombie."""
    started = _start_time(pid)
    return None if started is None else Identity(pid, started)


def is_alive(identity: Identity) -> bool:
    """Return whether this process still runs, and not a later one with its pid."""
    return _start_time(identity.pid) == identity.started


def send(identity: Identity, number: signal.Signals) -> bool:
    """Send a signal to this process, never to a later one with its pid.

    Returns: whether it was alive.
    """
    if not is_alive(identity):
        return False
    try:
        os.kill(identity.pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_gone(identity: Identity, seconds: float) -> bool:
    """Wait at most `seconds` until the process has ended. Returns: whether it has."""
    deadline = time.monotonic() + seconds
    while is_alive(identity):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def stop(identity: Identity, number: signal.Signals, seconds: float) -> bool:
    """End a process and its children: send `number`, wait at most `seconds`, then SIGKILL.

    Returns: whether it ended without SIGKILL.
    """
    # Collected first: children that outlive their leader are recognised by pid and start time.
    children = list(_session(identity)) if is_alive(identity) else []
    ended = True
    if send(identity, number):
        # A stopped process keeps a signal pending until it is continued.
        send(identity, signal.SIGCONT)
        ended = wait_gone(identity, seconds)
        if not ended:
            send(identity, signal.SIGKILL)
            wait_gone(identity, _KILL_SECONDS)
    for child in {*children, *_session(identity)}:
        send(child, signal.SIGKILL)
        wait_gone(child, _KILL_SECONDS)
    return ended


def _session(leader: Identity) -> Iterator[Identity]:
    """Yield the live members of the session that `leader` leads or led, except itself."""
    now = identify(leader.pid)
    if now is not None and now != leader:
        return  # The pid, and with it the session id, belongs to another process by now.
    for pid in psutil.pids():
        try:
            is_member = pid != leader.pid and os.getsid(pid) == leader.pid
        except OSError:
            continue
        member = identify(pid) if is_member else None
        # Children start after their leader; only Linux's ticks can be compared.
        if member is not None and (
            not leader.started.isdigit() or int(member.started) >= int(leader.started)
        ):
            yield member


def _start_time(pid: int) -> str | None:
    if sys.platform != "linux":
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
        except psutil.Error:
            return None
    try:
        # The command may contain spaces and brackets: fields are counted from the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # A zombie with threads is still ending: its main thread ended, but its ports are open.
    state, threads, started = fields[0], int(fields[17]), fields[19]
    return None if state == "X" or (state == "Z" and threads <= 1) else started
