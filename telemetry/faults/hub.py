"""Faults of the hub: a call that blocks it, and a thread that keeps the interpreter."""

import itertools
import time
from typing import Final

import gevent

from telemetry.faults.lease import Lease
from telemetry.native import sleep

HELD_SECONDS: Final = 0.5
PERIOD_SECONDS: Final = 1.0
HOG_SECONDS: Final = 0.25
HOG_PAUSE_SECONDS: Final = 0.1
_SAMPLE: Final = 1_000_000


def block_hub(lease: Lease) -> None:
    """Call what gevent does not know, for half of each second; in a greenlet."""
    lease.begun = True
    while lease.lasts:
        call_that_blocks()
        gevent.sleep(PERIOD_SECONDS - HELD_SECONDS)


def call_that_blocks() -> None:
    """Sleep in the kernel: every greenlet of the worker waits."""
    sleep(HELD_SECONDS)


def hold_interpreter(lease: Lease) -> None:
    """Compute in long C calls, which switch to no other thread; in a native thread."""
    numbers = round(HOG_SECONDS * _added_per_second())
    lease.begun = True
    while lease.lasts:
        add_up(numbers)
        sleep(HOG_PAUSE_SECONDS)


def add_up(numbers: int) -> None:
    """Keep the interpreter for one call."""
    sum(itertools.repeat(1, numbers))


def _added_per_second() -> float:
    began = time.perf_counter()
    add_up(_SAMPLE)
    return _SAMPLE / (time.perf_counter() - began)
