"""The log of blocks of the hub: one warning with the request and the stack that held it.

Runs in greenlets, never in the sampling thread.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from telemetry.hub.attribution import CauseSeconds, main_cause
from telemetry.requests.record import RequestRecord

LOG_EVERY_SECONDS: Final = 10.0
SOLE_HOLDER_SHARE: Final = 0.75
"""Share of the samples from which on a holder counts as the only one: the first and the last sample
of a block may find other code.
"""

_log = logging.getLogger("telemetry.hub")


@dataclass(slots=True)
class Holder:
    """Code that was running while the hub was held.

    Args:
        request: The request whose greenlet ran, or ``None`` outside of requests.
        stack: Its stack at the last sample; innermost frame last.
        samples: In how many samples it ran.
    """

    request: RequestRecord | None
    stack: tuple[str, ...] = ()
    samples: int = 0


@dataclass(frozen=True, slots=True)
class HubBlock:
    """One time in which the hub was held.

    Args:
        seconds_by_cause: Seconds by cause.
        holder: The code found in most samples, or ``None`` when no sample was taken in time.
        samples: Number of samples.
    """

    seconds_by_cause: CauseSeconds
    holder: Holder | None
    samples: int

    @property
    def seconds(self) -> float:
        """Duration of the block."""
        return sum(self.seconds_by_cause.values())

    def holder_text(self) -> str:
        """Return the holder in words."""
        if self.holder is None:
            return "code that was not sampled"
        request = self.holder.request
        text = (
            f"{request.method_label} {request.route}, request {request.request_id}"
            if request
            else "code outside of requests"
        )
        if self.holder.samples >= SOLE_HOLDER_SHARE * self.samples:
            return text
        return f"{text} in {self.holder.samples} of {self.samples} samples"


class BlockLog:
    """Logs blocks, at most one every ten seconds; the next line counts the ones left out.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent_until = 0.0
        self._left_out = 0
        self._left_out_seconds = 0.0

    def write(self, block: HubBlock) -> None:
        """Log one block, or count it for the next line."""
        now = self._clock()
        if now < self._silent_until:
            self._left_out += 1
            self._left_out_seconds += block.seconds
            return
        self._silent_until = now + LOG_EVERY_SECONDS
        request, stack = (block.holder.request, block.holder.stack) if block.holder else (None, ())
        cause = main_cause(block.seconds_by_cause)
        text = f"hub held for {block.seconds:.3f} s ({cause}) by {block.holder_text()}"
        if stack:
            text += f" at {stack[-1]}"
        if self._left_out:
            text += f"; {self._left_out} more since the last line ({self._left_out_seconds:.3f} s)"
            self._left_out, self._left_out_seconds = 0, 0.0
        fields: dict[str, Any] = {
            "duration_seconds": round(block.seconds, 6),
            "blame": cause,
            "stack": list(stack),
        }
        fields |= {
            f"{each}_seconds": round(seconds, 6)
            for each, seconds in block.seconds_by_cause.items()
            if seconds >= 1e-3
        }
        if request is not None:
            fields |= {"method": request.method_label, "route": request.route}
        _log.warning(text, extra={"fields": fields, "request": request})
