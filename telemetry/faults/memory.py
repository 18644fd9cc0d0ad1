"""A leak: memory that grows and is never used, up to a bound that a machine survives."""

import mmap
from contextlib import ExitStack
from typing import Final

from telemetry.faults.lease import Lease
from telemetry.native import sleep

PIECE_BYTES: Final = 2 * 2**20
MOST_BYTES: Final = 256 * 2**20
PERIOD_SECONDS: Final = 0.25


def leak_memory(lease: Lease) -> None:
    """Take 8 MiB a second, 256 MiB at most; in a native thread.

    Mapped, not allocated: so the system has it back at once, whatever the allocator does.
    """
    with ExitStack() as leaked:
        lease.begun = True
        taken = 0
        while lease.lasts:
            if taken < MOST_BYTES:
                piece = leaked.enter_context(mmap.mmap(-1, PIECE_BYTES))
                # Only pages that were written are resident.
                piece.write(b"\x01" * PIECE_BYTES)
                taken += PIECE_BYTES
            sleep(PERIOD_SECONDS)
