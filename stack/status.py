"""`serene status` and `serene logs`: read the state of a stack, and change nothing."""

import argparse
import json
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.backends import NAMES
from stack.errors import StackError
from stack.runner import Stack

_FOLLOW_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """One backend at one instant, as in `status --json`.

    Attributes:
        state: "ready", "not ready", "died" (ended without being stopped) or "stopped".
        detail: the probe's result, or its last log line.
    """

    name: str
    url: str
    state: str
    detail: str
    pid: int | None
    log: str


def backend_status(stack: Stack, name: str) -> BackendStatus:
    """Return the status of one backend of a stack."""
    pid = stack.pid(name)
    if pid is not None:
        result = stack.probe_ready(name)
        state, detail = ("ready" if result.ready else "not ready"), result.detail
    elif stack.records.read(name) is not None:
        state, detail = "died", stack.last_log_line(name)
    else:
        state, detail = "stopped", ""
    return BackendStatus(name, stack.url(name), state, detail, pid, str(stack.log_path(name)))


def table(stack: Stack, names: Sequence[str]) -> str:
    """Return name, URL and state of these backends, one a line."""
    rows = [("NAME", "URL", "STATE")]
    for name in names:
        backend = backend_status(stack, name)
        state = backend.state
        if state not in {"ready", "stopped"}:
            state = f"{state}: {backend.detail[:100]}"
        rows.append((backend.name, backend.url, state))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(
        f"{name:<{widths[0]}}  {url:<{widths[1]}}  {state}" for name, url, state in rows
    )


def status(options: argparse.Namespace) -> int:
    """Print what was started. Returns: 0 when all of it is ready, else 1."""
    stack = Stack(options.port_offset)
    started = [name for name in NAMES if stack.records.read(name) is not None]
    if options.json:
        states = [backend_status(stack, name) for name in NAMES]
        print(
            json.dumps(
                {"port_offset": stack.offset, "backends": [asdict(state) for state in states]},
                indent=2,
            )
        )
        return 0 if started and all(state.state in {"ready", "stopped"} for state in states) else 1
    if not started:
        raise StackError(f"nothing is running{at_offset(stack.offset)}: start it with ./serene up")
    text = table(stack, started)
    print(text)
    return 0 if all(line.endswith("  ready") for line in text.splitlines()[1:]) else 1


def logs(options: argparse.Namespace) -> int:
    """Print the end of a backend's log, and with --follow new lines until Ctrl-C."""
    path = Stack(options.port_offset).log_path(options.name)
    if not path.exists():
        raise StackError(
            f"{options.name} has written no log{at_offset(options.port_offset)}: {path} is missing"
        )
    with path.open(errors="replace") as log:
        print("".join(deque(log, maxlen=options.lines)), end="", flush=True)
        while options.follow:
            more = log.read()
            print(more, end="", flush=True)
            if not more and _was_replaced(path, log.fileno(), log.tell()):
                return logs(options)
            time.sleep(_FOLLOW_SECONDS)
    return 0


def at_offset(offset: int) -> str:
    """Return the part of a message that names a stack other than the default."""
    return f" at --port-offset {offset}" if offset else ""


def rotate_log(path: Path) -> None:
    """Start a new log; the previous one is kept as .1."""
    if path.exists():
        path.replace(path.with_suffix(".log.1"))


def _was_replaced(path: Path, descriptor: int, position: int) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return now.st_ino != os.fstat(descriptor).st_ino or now.st_size < position
