"""Press and release faults of a stack, one at a time, each recorded as a line in the stack's log.

A press starts a keeper: a process that drives the fault where it needs driving, and releases it
after its time, so that a forgotten one cannot stay.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol, runtime_checkable

from stack import locks, paths, processes
from stack.errors import StackError
from stack.faults.catalogue import FAULTS, Fault, find
from stack.faults.state import Pressed, States
from stack.runner import Stack
from stack.status import at_offset

USUAL_SECONDS: Final = 600
MOST_SECONDS: Final = 3500
_KEEPER_SECONDS: Final = 5.0


@runtime_checkable
class _Visible(Protocol):
    """An action whose effect can be read where it is."""

    def is_on(self, stack: Stack) -> bool: ...


def is_on(stack: Stack, fault: Fault) -> bool:
    """Return whether a fault is at work, from what it acts on; else from its keeper."""
    if isinstance(fault.action, _Visible):
        return fault.action.is_on(stack)
    pressed = States(stack).read(fault.name)
    return pressed is not None and processes.is_alive(pressed.keeper)


def press(stack: Stack, name: str, seconds: int = USUAL_SECONDS) -> Pressed:
    """Press a fault.

    Args:
        stack: it is up.
        name: of the fault.
        seconds: after which its keeper releases it.

    Raises: StackError when it is on, or cannot be pressed.
    """
    fault, states = find(name), States(stack)
    _require_up(stack)
    with _held(stack):
        if is_on(stack, fault):
            raise StackError(f"{name} is on already: release it with ./serene fault off {name}")
        now = time.time()
        pressed = Pressed(name, now, now + seconds)
        # First: `serene up` reads it when a backend ends.
        states.write(pressed)
        try:
            fault.action.press(stack, seconds)
            pressed = _with_keeper(stack, pressed, seconds)
        except BaseException:
            states.remove(name)
            raise
        states.write(pressed)
        _log(stack, "fault.on", fault, f"{name} is on for {seconds} s at most", seconds=seconds)
    return pressed


def release(stack: Stack, name: str, reason: str = "released") -> None:
    """Release a fault, and restore what it changed.

    Args:
        stack: it is up.
        name: of the fault.
        reason: for the log.

    Raises: StackError when it is not on, or cannot be released.
    """
    fault, states = find(name), States(stack)
    with _held(stack):
        pressed = states.read(name)
        if pressed is None and not is_on(stack, fault):
            raise StackError(f"{name} is not on: see ./serene fault list")
        if pressed is not None:
            _end_keeper(pressed)
        if is_on(stack, fault):
            fault.action.release(stack)
        states.remove(name)
        lasted = round(pressed.for_seconds, 1) if pressed is not None else None
        _log(stack, "fault.off", fault, f"{name} is off: {reason}", reason=reason, seconds=lasted)


def on_now(stack: Stack) -> list[str]:
    """Return the names of the faults that are pressed or at work."""
    states = States(stack)
    return [
        name
        for name, fault in FAULTS.items()
        if states.read(name) is not None or is_on(stack, fault)
    ]


def release_overdue(stack: Stack) -> None:
    """Release the faults whose keeper ended before their time did."""
    for pressed in States(stack).all():
        if pressed.name in FAULTS and pressed.keeper_pid and not pressed.left_seconds:
            release(stack, pressed.name, "its time was over")


def forget(stack: Stack) -> None:
    """Drop every press of a stack that is about to stop, without restoring anything."""
    states = States(stack)
    for pressed in states.all():
        _end_keeper(pressed)
        states.remove(pressed.name)


def is_killed(stack: Stack, backend: str) -> bool:
    """Return whether a fault has killed this backend."""
    return States(stack).read(f"dead-{backend}") is not None


def _require_up(stack: Stack) -> None:
    if stack.records.alive("service") is None:
        raise StackError(
            f"the service is not running{at_offset(stack.offset)}: start it with ./serene up"
        )


@contextmanager
def _held(stack: Stack) -> Iterator[None]:
    with locks.held(stack.directory / "faults.lock"):
        yield


def _with_keeper(stack: Stack, pressed: Pressed, seconds: int) -> Pressed:
    log = stack.log_path("faults")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "stack.faults.keeper", pressed.name]
    command += ["--port-offset", str(stack.offset), "--directory", str(stack.directory)]
    command += ["--seconds", str(seconds)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=paths.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    identity = processes.identify(process.pid)
    if identity is None:
        raise StackError(f"the keeper of {pressed.name} ended at once (whole log: {log})")
    # It outlives this command, which would warn that it still runs.
    process.returncode = 0
    return replace(pressed, keeper_pid=identity.pid, keeper_started=identity.started)


def _end_keeper(pressed: Pressed) -> None:
    me = processes.identify(os.getpid())
    if pressed.keeper_pid and pressed.keeper != me:
        processes.stop(pressed.keeper, signal.SIGTERM, _KEEPER_SECONDS)


def _log(stack: Stack, event: str, fault: Fault, message: str, **members: object) -> None:
    """Append one line to the stack's log, which the Collector reads."""
    path = stack.log_path("stack")
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {
        "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "level": "WARNING" if event == "fault.on" else "INFO",
        "logger": "stack.faults",
        "service": "serene-stack",
        "environment": "development",
        "message": message,
        "event": event,
        "fault": fault.name,
        "alert": fault.alert,
        **{name: value for name, value in members.items() if value is not None},
    }
    with path.open("a") as log:
        log.write(json.dumps(line) + "\n")
