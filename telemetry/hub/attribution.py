"""Causes of a block of the hub, derived from clocks; pure decisions.

- ``cpu``: the hub's thread computed.
- ``blocked``: it waited in a call that gevent does not know.
- ``gil``: another thread kept the interpreter to itself.
- ``frozen``: it got no processor (machine overloaded, container throttled, process stopped).

Where the interpreter was not to be had, the number of times that threads got a processor separates
three of them: a thread that waits for the interpreter wakes up every 5 ms. When
the sampling thread did not, the process was stopped; when it did and the hub's thread as well, both
waited for a third; when the hub's thread did not, it was itself in a call that kept the
interpreter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from telemetry.hub.clocks import Usage

Cause = Literal["cpu", "blocked", "gil", "frozen"]
"""Values of the label ``kind``."""

CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
CauseSeconds = Mapping[Cause, float]
"""Seconds by cause; they add up to the time that is explained."""

WAKE_UP_SECONDS: Final = 0.005
"""CPython's switch interval, in which a thread that waits for the interpreter wakes up."""
_FEW: Final = 4
"""A thread that woke up a quarter as often as one that waits for the interpreter did not wait."""
_HALF: Final = 2


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the sampling thread could not run, though it did not wait for a processor.

    Args:
        began: ``perf_counter`` seconds.
        ended: ``perf_counter`` seconds.
        cause: Of the time in it that the hub's thread neither computed nor waited for a processor;
            ``None`` where the system does not count how often a thread ran.
    """

    began: float
    ended: float
    cause: Cause | None = None

    def overlap_seconds(self, began: float, ended: float) -> float:
        """Return how much of the gap lies in an interval."""
        return max(0.0, min(self.ended, ended) - max(self.began, began))


def cause_of_gap(seconds: float, own_runs: int | None, hub_runs: int) -> Cause | None:
    """Return why two threads could not run.

    Args:
        seconds: How long.
        own_runs: How often the sampling thread got a processor in it; ``None`` when that is not
            known, and not to be known later.
        hub_runs: How often the hub's thread did, in that time or a longer one.
    """
    if own_runs is None:
        return None
    waking = seconds / WAKE_UP_SECONDS
    if own_runs < waking / _FEW:
        return "frozen"
    # The hub's thread also gets a processor anew after others had it: twice the benefit of doubt.
    return "gil" if hub_runs >= own_runs / _HALF else "blocked"


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
    known: dict[Cause | None, float] = {}
    for gap in gaps:
        if gap.ended <= began:
            continue
        known[gap.cause] = known.get(gap.cause, 0.0) + gap.overlap_seconds(began, ended)
    total = sum(known.values())
    unseen = min(waited, max(0.0, total - cpu - ready))
    share = unseen / total if total else 0.0
    unknown = known.get(None, 0.0) * share
    gil = min(unknown, max(0.0, used.process_cpu - used.thread_cpu))
    blocked = waited - unseen
    contended = blocked if _waits_for_interpreter(blocked, used) else 0.0
    found: dict[Cause, float] = {
        "cpu": cpu,
        "blocked": blocked - contended + known.get("blocked", 0.0) * share,
        "gil": gil + contended + known.get("gil", 0.0) * share,
        "frozen": ready + unknown - gil + known.get("frozen", 0.0) * share,
    }
    return found


def _waits_for_interpreter(seconds: float, used: Usage) -> bool:
    """Return whether the hub's thread waited for an interpreter that others had in turns.

    It woke up all the time, and other threads computed meanwhile.
    """
    return (
        used.runs >= seconds / WAKE_UP_SECONDS / _FEW
        and used.process_cpu - used.thread_cpu >= seconds / _FEW
        and seconds >= WAKE_UP_SECONDS
    )


def main_cause(seconds: CauseSeconds) -> Cause:
    """Return the cause that explains most."""
    return max(CAUSES, key=lambda cause: seconds[cause])


def is_own(seconds: CauseSeconds, threshold_seconds: float) -> bool:
    """Return whether the code that ran is responsible: without it, it would have been no block.

    Otherwise another thread or the machine is, whatever ran meanwhile.

    Args:
        seconds: By cause.
        threshold_seconds: From which on a time is a block.
    """
    own = own_seconds(seconds)
    return own >= min(threshold_seconds, sum(seconds.values()) / 2) and own >= seconds["gil"]


def own_seconds(seconds: CauseSeconds) -> float:
    """Return how long the code that ran computed, or waited in a call."""
    return seconds["cpu"] + seconds["blocked"]
