"""Causes of a block of the hub, derived from clocks; pure decisions.

- ``cpu``: the hub's thread computed.
- ``blocked``: it waited in a call that gevent does not know, with the interpreter free for others.
- ``gil``: another thread kept the interpreter to itself.
- ``frozen``: it got no processor (machine overloaded, container throttled, process stopped), or
  waited in a C call that holds the interpreter, which from inside is indistinguishable.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from telemetry.hub.clocks import Usage

Cause = Literal["cpu", "blocked", "gil", "frozen"]
"""Values of the label ``blame``."""

CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
CauseSeconds = Mapping[Cause, float]
"""Seconds by cause; they add up to the time that is explained."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the sampling thread could not run, though it did not wait for a processor.

    Args:
        began: ``perf_counter`` seconds.
        ended: ``perf_counter`` seconds.
    """

    began: float
    ended: float

    def overlap_seconds(self, began: float, ended: float) -> float:
        """Return how much of the gap lies in an interval."""
        return max(0.0, min(self.ended, ended) - max(self.began, began))


def seconds_by_cause(began: float, ended: float, used: Usage, gaps: Iterable[Gap]) -> CauseSeconds:
    """Explain a time in which the hub was held.

    Args:
        began: ``perf_counter`` seconds.
        ended: ``perf_counter`` seconds.
        used: By the hub's thread in that time, or in one that is longer by at most one sample.
        gaps: Times in which the sampling thread could not run either.
    """
    seconds = ended - began
    cpu = min(seconds, max(0.0, used.thread_cpu))
    ready = min(seconds - cpu, max(0.0, used.thread_ready))
    waited = seconds - cpu - ready
    # While the sampling thread ran, the interpreter was free: the hub then waited in a call. Only
    # the rest of the gaps needs an explanation.
    unseen = min(
        waited, max(0.0, sum(gap.overlap_seconds(began, ended) for gap in gaps) - cpu - ready)
    )
    gil = min(unseen, max(0.0, used.process_cpu - used.thread_cpu))
    return {"cpu": cpu, "blocked": waited - unseen, "gil": gil, "frozen": ready + unseen - gil}


def main_cause(seconds: CauseSeconds) -> Cause:
    """Return the cause that explains most."""
    return max(CAUSES, key=lambda cause: seconds[cause])
