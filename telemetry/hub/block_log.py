"""What is said of a block: one warning with the request and the stack that held the hub.

Runs in greenlets, never in the watching thread.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from telemetry.hub.attribution import Shares, blame_of
from telemetry.requests.record import RequestRecord

LOG_EVERY_SECONDS: Final = 10.0
ALONE: Final = 0.75
"""Share of the looks from which on a holder is named as the only one: the first and the last look
may find someone else.
"""

_log = logging.getLogger("telemetry.hub")


@dataclass(slots=True)
class Holder:
    """Who was seen to hold the hub.

    Args:
        request: The request whose greenlet ran, or ``None`` outside of requests.
        stack: Where it was when last seen; innermost frame last.
        seen: In how many looks.
    """

    request: RequestRecord | None
    stack: tuple[str, ...] = ()
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One time that the hub was held.

    Args:
        shares: Seconds by what kind of thing held it.
        holder: Who was seen most often, or ``None`` when nobody was seen.
        looks: How often it was looked at.
    """

    shares: Shares
    holder: Holder | None
    looks: int

    @property
    def seconds(self) -> float:
        """For how long."""
        return sum(self.shares.values())

    def who(self) -> str:
        """The holder in words."""
        if self.holder is None:
            return "nobody that was seen"
        request = self.holder.request
        who = (
            f"{request.method_label} {request.route}, request {request.request_id}"
            if request
            else "code outside of requests"
        )
        if self.holder.seen >= ALONE * self.looks:
            return who
        return f"{who} in {self.holder.seen} of {self.looks} looks"


class BlockLog:
    """Writes one line a finding, at most one every ten seconds; the next line tells what was left
    out.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent_until = 0.0
        self._left_out = 0
        self._left_out_seconds = 0.0

    def write(self, finding: Finding) -> None:
        """Log one finding, or count it for the next line."""
        now = self._clock()
        if now < self._silent_until:
            self._left_out += 1
            self._left_out_seconds += finding.seconds
            return
        self._silent_until = now + LOG_EVERY_SECONDS
        request, stack = (
            (finding.holder.request, finding.holder.stack) if finding.holder else (None, ())
        )
        blame = blame_of(finding.shares)
        text = f"hub held for {finding.seconds:.3f} s ({blame}) by {finding.who()}"
        if stack:
            text += f" at {stack[-1]}"
        if self._left_out:
            text += f"; {self._left_out} more since the last line ({self._left_out_seconds:.3f} s)"
            self._left_out, self._left_out_seconds = 0, 0.0
        fields: dict[str, Any] = {
            "duration_seconds": round(finding.seconds, 6),
            "blame": blame,
            "stack": list(stack),
        }
        fields |= {
            f"{kind}_seconds": round(seconds, 6)
            for kind, seconds in finding.shares.items()
            if seconds >= 1e-3
        }
        if request is not None:
            fields |= {"method": request.method_label, "route": request.route}
        _log.warning(text, extra={"fields": fields, "request": request})
