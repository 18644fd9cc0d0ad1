"""The log of blocks of the hub: one warning with the request and the stack that held it.

One line a culprit and interval; the next one counts those left out. Runs in greenlets, never in the
sampling thread.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from telemetry.hub.attribution import CauseSeconds, main_cause
from telemetry.hub.culprits import Culprit, Holder
from telemetry.names import UNKNOWN_CODE

LOG_EVERY_SECONDS: Final = 10.0
SOLE_HOLDER_SHARE: Final = 0.75
"""Share of the time from which on a holder counts as the only one: the first and the last sample of
a block may find other code.
"""
MOST_CULPRITS: Final = 100
"""Culprits that have a line each; the others share one, so that the log stays bounded."""

_log = logging.getLogger("telemetry.hub")


@dataclass(frozen=True, slots=True)
class HubBlock:
    """One time in which the hub was held.

    Args:
        ended_unix: Wall clock at its end, seconds.
        seconds_by_cause: Seconds by cause.
        culprits: Its parts; their seconds add up to those of the block.
        holder: The code that was seen for most of it, or ``None`` when it was not seen.
    """

    ended_unix: float
    seconds_by_cause: CauseSeconds
    culprits: tuple[Culprit, ...]
    holder: Holder | None

    @property
    def seconds(self) -> float:
        """Duration of the block."""
        return sum(self.seconds_by_cause.values())

    @property
    def code(self) -> str:
        """Label of the code that held the hub for most of it."""
        return self.holder.code if self.holder is not None else UNKNOWN_CODE

    def holder_text(self) -> str:
        """Return the holder in words."""
        cause = main_cause(self.seconds_by_cause)
        if self.holder is None:
            return "the machine" if cause == "frozen" else "code that was not seen"
        request = self.holder.record
        if cause == "gil":
            return f"another thread in {self.holder.code}"
        text = (
            f"{request.method_label} {request.route}, request {request.request_id}"
            if request
            else "code outside of requests"
        )
        share = self.holder.share
        part = "" if share >= SOLE_HOLDER_SHARE else f", {share:.0%} of it,"
        return f"{text}{part} in {self.holder.code}"


@dataclass(slots=True)
class _Silence:
    """What was left out since a culprit's last line."""

    until: float
    blocks: int = 0
    seconds: float = 0.0


class BlockLog:
    """Logs blocks, for each culprit at most one in ten seconds.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silences: dict[tuple[str, str], _Silence] = {}

    def write(self, block: HubBlock) -> None:
        """Log one block, or count it for the culprit's next line."""
        now = self._clock()
        silence = self._silence_of(block, now)
        if now < silence.until:
            silence.blocks += 1
            silence.seconds += block.seconds
            return
        left_out = ""
        if silence.blocks:
            left_out = f"; {silence.blocks} more since the last line ({silence.seconds:.3f} s)"
        silence.until, silence.blocks, silence.seconds = now + LOG_EVERY_SECONDS, 0, 0.0
        self._log(block, left_out)

    def _silence_of(self, block: HubBlock, now: float) -> _Silence:
        key: tuple[str, str] = (main_cause(block.seconds_by_cause), block.code)
        if key not in self._silences and len(self._silences) >= MOST_CULPRITS:
            # Those whose interval is over, and that have nothing to count.
            self._silences = {
                key: silence
                for key, silence in self._silences.items()
                if silence.blocks or now < silence.until
            }
            if len(self._silences) >= MOST_CULPRITS:
                key = ("", "")
        return self._silences.setdefault(key, _Silence(now))

    def _log(self, block: HubBlock, left_out: str) -> None:
        holder = block.holder
        stack = [str(place) for place in holder.frames] if holder is not None else []
        cause = main_cause(block.seconds_by_cause)
        text = f"hub held for {block.seconds:.3f} s ({cause}) by {block.holder_text()}"
        if stack:
            text += f" at {stack[-1]}"
        fields: dict[str, Any] = {
            "duration_seconds": round(block.seconds, 6),
            "kind": cause,
            # Not ``code``: a field of that name is a secret of OAuth, and redacted.
            "hub_code": block.code,
            "stack": stack,
        }
        fields |= {
            f"{each}_seconds": round(seconds, 6)
            for each, seconds in block.seconds_by_cause.items()
            if seconds >= 1e-3
        }
        request = holder.record if holder is not None else None
        if request is not None:
            fields |= {"method": request.method_label, "route": request.route}
        _log.warning("%s%s", text, left_out, extra={"fields": fields, "request": request})
