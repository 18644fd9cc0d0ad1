"""One request at one instant, as plain facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.util.types import AttributeValue

from telemetry.names import Phase
from telemetry.requests.phase_account import rounded_seconds
from telemetry.span_names import PHASE_ATTRIBUTE_PREFIX

EVENT_FRAMES: Final = 8
WAIT_ATTRIBUTE: Final = "request.wait"
AGE_ATTRIBUTE: Final = "request.age"
HELD_BY_ATTRIBUTE: Final = "request.wait.held_by"
STACK_ATTRIBUTE: Final = "code.stacktrace"
HOLDER_CHARACTERS: Final = 180


@dataclass(frozen=True, slots=True)
class SeenWait:
    """What one greenlet of a request waited for.

    Args:
        phase: Its phase.
        subject: What exactly, redacted; the code that waits where nothing else is known.
        seconds: For how long; ``None`` where it is not known.
        held_by: Who has what it waits for, one text each.
    """

    phase: Phase
    subject: str
    seconds: float | None
    held_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        time = "" if self.seconds is None else f" for {self.seconds:.3f} s"
        return f"{self.phase}{time}" + (f": {self.subject}" if self.subject else "")

    def members(self) -> dict[str, Any]:
        """Return it as JSON members."""
        members: dict[str, Any] = {
            "phase": self.phase,
            "subject": self.subject,
            "seconds": None if self.seconds is None else round(self.seconds, 6),
        }
        return members | ({"heldBy": list(self.held_by)} if self.held_by else {})


@dataclass(frozen=True, slots=True)
class GreenletStack:
    """One greenlet of a request.

    Args:
        role: ``main``, or ``spawned``.
        state: ``running``, ``waiting``, or ``not started or ended``.
        frames: Innermost last.
    """

    role: str
    state: str
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One request at one instant.

    Args:
        unix_ns: Wall clock.
        age_seconds: Of the request.
        phases: Seconds by phase so far.
        waiting: The waits that were open, innermost last; empty where it computed.
        stacks: Its greenlets, the main one first.
    """

    unix_ns: int
    age_seconds: float
    phases: Mapping[Phase, float]
    waiting: tuple[SeenWait, ...]
    stacks: tuple[GreenletStack, ...]

    @property
    def state(self) -> str:
        """What it did, in a few words."""
        if self.waiting:
            return str(self.waiting[-1])
        return self.stacks[0].state if self.stacks else "unknown"

    def attributes(self) -> dict[str, AttributeValue]:
        """Return the attributes of its event on the span."""
        attributes: dict[str, AttributeValue] = {
            AGE_ATTRIBUTE: round(self.age_seconds, 6),
            WAIT_ATTRIBUTE: self.state,
        }
        for phase, seconds in self.phases.items():
            attributes[f"{PHASE_ATTRIBUTE_PREFIX}{phase}"] = round(seconds, 6)
        if self.waiting and self.waiting[-1].held_by:
            first, *others = self.waiting[-1].held_by
            more = f"; {len(others)} more" if others else ""
            attributes[HELD_BY_ATTRIBUTE] = f"{first[:HOLDER_CHARACTERS]}{more}"
        if self.stacks:
            attributes[STACK_ATTRIBUTE] = "\n".join(self.stacks[0].frames[-EVENT_FRAMES:])
        return attributes

    def members(self) -> dict[str, Any]:
        """Return it as JSON members."""
        return {
            "unixSeconds": round(self.unix_ns / 1e9, 6),
            "ageSeconds": round(self.age_seconds, 6),
            "state": self.state,
            "phaseSeconds": rounded_seconds(self.phases),
            "openWaits": [each.members() for each in self.waiting],
            "stacks": [
                {"greenlet": each.role, "state": each.state, "frames": list(each.frames)}
                for each in self.stacks
            ],
        }

    def lines(self) -> Iterator[str]:
        """Yield it as text, for a log line."""
        for wait in self.waiting:
            yield str(wait)
            yield from (f"  held: {each}" for each in wait.held_by)
        for each in self.stacks:
            yield f"{each.role} greenlet, {each.state}"
            yield from (f"  {frame}" for frame in each.frames)
