"""A step of the clock: this process's time of day jumps, as after a wrong NTP server.

Only ``time.time`` and ``time.time_ns`` are stepped, which is what this layer's timestamps come
from; ``datetime`` reads the system's clock in C, and the monotonic clocks never step.
"""

import time
from typing import Any, Final

from telemetry.faults.lease import Lease
from telemetry.native import sleep

STEP_SECONDS: Final = 120
POLL_SECONDS: Final = 0.1


def step_clock(lease: Lease) -> None:
    """Let the time of day be two minutes ahead; in a native thread."""
    module: Any = time
    right, right_ns = module.time, module.time_ns
    module.time = lambda: right() + STEP_SECONDS
    module.time_ns = lambda: right_ns() + STEP_SECONDS * 10**9
    try:
        lease.begun = True
        while lease.lasts:
            sleep(POLL_SECONDS)
    finally:
        module.time, module.time_ns = right, right_ns
