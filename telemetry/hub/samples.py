"""What the hub's thread was seen to do: samples, and what they mean together.

The sampling thread writes, and any thread reads: each step here is one for other threads, and none
waits.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from telemetry.hub.attribution import Cause, Gap
from telemetry.hub.clocks import Usage
from telemetry.hub.code_names import Frames, culprit_of
from telemetry.hub.lateness import Lateness
from telemetry.hub.threads import OtherThreads
from telemetry.names import UNKNOWN_CODE
from telemetry.requests.record import RequestRecord

KEPT_SAMPLES: Final = 512
MAIN_SHARE: Final = 0.75
"""Share of a time from which on code is the code of all of it."""


@dataclass(slots=True, eq=False)
class Sample:
    """What ran at one instant.

    Args:
        at_ns: ``perf_counter_ns``.
        turn_began: Of the hub's turn, ``perf_counter`` seconds.
        weight_ns: The time before ``at_ns`` that it stands for.
        record: The request that ran, or ``None`` outside of requests.
        frames: The stack.
        thread_code: Code of another thread that kept the interpreter until then, or empty.
        cause: Of most of the time that it stands for.
        parts: That time by cause, nanoseconds; ``None`` where ``cause`` is all that is known.
    """

    at_ns: int
    turn_began: float
    weight_ns: int
    record: RequestRecord | None
    frames: Frames
    thread_code: str = ""
    cause: Cause = "cpu"
    parts: Mapping[Cause, int] | None = None


@dataclass(slots=True)
class SeenHub:
    """The last samples, readings of the hub's clocks and gaps; each bounded.

    Args:
        samples: Oldest first.
        usages: Totals of the hub's thread with their ``perf_counter_ns``, oldest first.
        gaps: Times in which the sampling thread could not run.
        thread_codes: Code of other threads that kept the interpreter, with the ``perf_counter_ns``
            of the interval.
        lateness: Of the sampling thread; ``None`` while none runs.
        threads: Beside the hub's; ``None`` while none is sampled.
    """

    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=KEPT_SAMPLES))
    usages: deque[tuple[int, Usage]] = field(default_factory=lambda: deque(maxlen=KEPT_SAMPLES))
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=64))
    thread_codes: deque[tuple[int, int, str]] = field(default_factory=lambda: deque(maxlen=64))
    lateness: Lateness | None = None
    threads: OtherThreads | None = None

    def samples_between(self, began_ns: int, ended_ns: int) -> list[Sample]:
        """Return the samples of an interval, newest first."""
        found = []
        for sample in reversed(self.samples.copy()):
            if sample.at_ns < began_ns:
                break
            if sample.at_ns <= ended_ns:
                found.append(sample)
        return found

    def thread_code_between(self, began_ns: int, ended_ns: int) -> str:
        """Return the code of another thread that kept the interpreter for most of an interval.

        On the hub's thread, which may be the first to get the interpreter back.
        """
        overlaps = [
            (min(until_ns, ended_ns) - max(from_ns, began_ns), code)
            for from_ns, until_ns, code in self.thread_codes.copy()
            if until_ns > began_ns and from_ns < ended_ns
        ]
        if overlaps:
            return max(overlaps)[1]
        threads = self.threads
        return (threads.peek() if threads is not None else "") or UNKNOWN_CODE

    def usage_before(self, began_ns: int) -> Usage | None:
        """Return the last reading before an instant; ``None`` where none is kept."""
        for at_ns, usage in reversed(self.usages.copy()):
            if at_ns <= began_ns:
                return usage
        return None


def main_frames(weighted: Sequence[tuple[Frames, float]]) -> Frames:
    """Return the longest stack that most of a time was spent in.

    Code that calls two functions in turn is found itself, where neither of them had most of the
    time: it is responsible for both.

    Args:
        weighted: Stacks with their time; of one greenlet.

    Returns:
        The common part, outermost first, as the heaviest stack has it; empty without any.
    """
    enough = MAIN_SHARE * sum(weight for _, weight in weighted)
    among = [pair for pair in weighted if pair[1] > 0]
    found: Frames = ()
    depth = 0
    while among:
        weights: dict[str, float] = {}
        for frames, weight in among:
            if depth < len(frames):
                label = frames[depth].name.label
                weights[label] = weights.get(label, 0.0) + weight
        label = max(weights, key=lambda each: weights[each], default="")
        if weights.get(label, 0.0) < enough or not label:
            break
        among = [
            pair for pair in among if depth < len(pair[0]) and pair[0][depth].name.label == label
        ]
        depth += 1
        found = max(among, key=lambda pair: pair[1])[0][:depth]
    return found


def code_of(frames: Frames) -> str:
    """Return the responsible code of a stack; none for an empty one."""
    return culprit_of(frames) if frames else UNKNOWN_CODE
