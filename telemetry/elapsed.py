"""The clock of evidence: seconds that only ever grow, whatever is done to the time of day.

It counts the time that a machine is suspended, unlike ``time.monotonic``: what was seen before a
laptop slept proves nothing after it. A virtual machine that its host pauses notices neither.

Source: clock_gettime(2), ``CLOCK_BOOTTIME``; ``time.monotonic`` on systems without it.
"""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def elapsed_seconds() -> float:
    """Return seconds since an unknown instant, suspended time included."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
