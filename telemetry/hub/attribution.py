"""What held the hub, from what clocks say; pure decisions.

- ``cpu``: the hub's thread computed.
- ``blocked``: it waited in a call that gevent does not know, with the interpreter free for others.
- ``gil``: another thread kept the interpreter to itself.
- ``frozen``: it was not given a processor (machine overloaded, container throttled, process
  stopped), or sat in a C call that waits without giving the interpreter away, which from inside
  looks the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from telemetry.hub.clocks import Usage

Blame = Literal["cpu", "blocked", "gil", "frozen"]
BLAMES: Final[tuple[Blame, ...]] = get_args(Blame)
Shares = Mapping[Blame, float]
"""Seconds by blame; they add up to the time that is explained."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the watching thread was kept from running, though not for want of a
    processor; ``perf_counter`` seconds.
    """

    began: float
    ended: float

    def overlap_seconds(self, began: float, ended: float) -> float:
        """How much of the gap lies in that interval."""
        return max(0.0, min(self.ended, ended) - max(self.began, began))


def shares_of(began: float, ended: float, used: Usage, gaps: Iterable[Gap]) -> Shares:
    """Explain a time in which the hub was held.

    Args:
        began: ``perf_counter`` seconds.
        ended: ``perf_counter`` seconds.
        used: By the hub's thread in that time, or in one that is longer by at most a look.
        gaps: When the watching thread was kept from running too.
    """
    seconds = ended - began
    cpu = min(seconds, max(0.0, used.thread_cpu))
    ready = min(seconds - cpu, max(0.0, used.thread_ready))
    waited = seconds - cpu - ready
    # While the watching thread ran, the interpreter was free: what was waited for then was a call.
    # The rest of the gaps is left to tell.
    unseen = min(
        waited, max(0.0, sum(gap.overlap_seconds(began, ended) for gap in gaps) - cpu - ready)
    )
    gil = min(unseen, max(0.0, used.process_cpu - used.thread_cpu))
    return {"cpu": cpu, "blocked": waited - unseen, "gil": gil, "frozen": ready + unseen - gil}


def blame_of(shares: Shares) -> Blame:
    """The one that explains most."""
    return max(BLAMES, key=lambda blame: shares[blame])
