"""Processes that outlive the command that started them, told apart by pid *and* start time.

A pid alone names nobody: it is given out again. Nothing here sends a signal before it has compared
the start time, and nothing is ever looked up by name. Each of ours leads its own session, so what
it forked can be found after it died.
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
    """One process, now and after its pid was given to another.

    Source: proc(5), /proc/pid/stat field 22: the start time in clock ticks since boot, which no
    clock change moves.
    """

    pid: int
    started: str


def identify(pid: int) -> Identity | None:
    """The identity of the live process `pid`; None when there is none (a zombie is none)."""
    started = _start_time(pid)
    return None if started is None else Identity(pid, started)


def is_alive(identity: Identity) -> bool:
    """Whether this very process still runs (not one that got its pid later)."""
    return _start_time(identity.pid) == identity.started


def send(identity: Identity, number: signal.Signals) -> bool:
    """Send a signal to this very process.

    Returns: whether it was alive to get it.
    """
    if not is_alive(identity):
        return False
    try:
        os.kill(identity.pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_gone(identity: Identity, seconds: float) -> bool:
    """Wait until the process is gone, at most `seconds`. Returns: whether it is."""
    deadline = time.monotonic() + seconds
    while is_alive(identity):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def stop(identity: Identity, number: signal.Signals, seconds: float) -> bool:
    """End a process and what it forked: `number`, at most `seconds` of patience, then SIGKILL.

    Returns: whether it went by itself, i.e. without SIGKILL.
    """
    # Remembered before: what outlives its leader is still recognised by pid and start time.
    forked = list(_session(identity)) if is_alive(identity) else []
    willing = True
    if send(identity, number):
        # A stopped process keeps a signal pending until it is continued.
        send(identity, signal.SIGCONT)
        willing = wait_gone(identity, seconds)
        if not willing:
            send(identity, signal.SIGKILL)
            wait_gone(identity, _KILL_SECONDS)
    for child in {*forked, *_session(identity)}:
        send(child, signal.SIGKILL)
        wait_gone(child, _KILL_SECONDS)
    return willing


def _session(leader: Identity) -> Iterator[Identity]:
    """The live members of the session that `leader` leads or led, without itself."""
    now = identify(leader.pid)
    if now is not None and now != leader:
        return  # The pid, and with it the session id, belongs to someone else by now.
    for pid in psutil.pids():
        try:
            mine = pid != leader.pid and os.getsid(pid) == leader.pid
        except OSError:
            continue
        member = identify(pid) if mine else None
        # Started after the leader, as everything it forked; a comparison only Linux's ticks allow.
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
        # The command may contain spaces and brackets: the fields are counted from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # A zombie with threads is on its way: its main thread ended, and its ports are still open.
    state, threads, started = fields[0], int(fields[17]), fields[19]
    return None if state == "X" or (state == "Z" and threads <= 1) else started
