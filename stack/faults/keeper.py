"""The keeper of one pressed fault: drives it where it needs driving, and ends it after its time.

Run by `press` as a process of its own. SIGTERM ends it without a release: that command releases.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from stack.errors import StackError
from stack.faults import press
from stack.faults.catalogue import find
from stack.runner import Stack

_POLL_SECONDS: Final = 0.2


def main(arguments: Sequence[str]) -> int:
    """Keep one fault until its time is over, its stack has gone, or a signal comes."""
    parser = argparse.ArgumentParser(description="Keeps a pressed fault; used by serene fault.")
    parser.add_argument("name")
    parser.add_argument("--port-offset", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args(arguments)
    stack = Stack(options.port_offset, options.directory)
    signalled = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        signalled.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    deadline = time.monotonic() + options.seconds
    _keep(stack, options.name, deadline, signalled)
    if signalled.is_set():
        return 0
    try:
        press.release(stack, options.name, "its time is over")
    except StackError as error:
        print(f"serene: {error}", file=sys.stderr)
        return 1
    return 0


def _keep(stack: Stack, name: str, deadline: float, signalled: threading.Event) -> None:
    drive = find(name).drive

    def lasts() -> bool:
        return time.monotonic() < deadline and not signalled.is_set() and _is_up(stack)

    if drive is not None:
        drive(stack, lasts)
    while lasts():
        signalled.wait(_POLL_SECONDS)


def _is_up(stack: Stack) -> bool:
    """Return whether anything of the stack runs; a dead service may come back."""
    return any(stack.records.alive(record.name) is not None for record in stack.records.all())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
