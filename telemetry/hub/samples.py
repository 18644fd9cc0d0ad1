"""What the hub's thread was seen to do: samples, and what they mean together.

The sampling thread writes, and any thread reads: each step here is one for other threads, and none
waits.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from telemetry.hub.attribution import Cause, Gap
from telemetry.hub.clocks import Usage
from telemetry.hub.code_names import Frames, culprit_of
from telemetry.hub.lateness import Lateness
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
        cause: Of the time that it stands for.
    """

    at_ns: int
    turn_began: float
    weight_ns: int
    record: RequestRecord | None
    frames: Frames
    thread_code: str = ""
    cause: Cause = "cpu"


@dataclass(slots=True)
class SeenHub:
    """The last samples, readings of the hub's clocks and gaps; each bounded.

    Args:
        samples: Oldest first.
        usages: Totals of the hub's thread with their ``perf_counter_ns``, oldest first.
        gaps: Times in which the sampling thread could not run.
        lateness: Of the sampling thread; ``None`` while none runs.
    """

    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=KEPT_SAMPLES))
    usages: deque[tuple[int, Usage]] = field(default_factory=lambda: deque(maxlen=KEPT_SAMPLES))
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=64))
    lateness: Lateness | None = None

    def samples_between(self, began_ns: int, ended_ns: int) -> list[Sample]:
        """Return the samples of an interval, newest first."""
        found = []
        for sample in reversed(self.samples.copy()):
            if sample.at_ns < began_ns:
                break
            if sample.at_ns <= ended_ns:
                found.append(sample)
        return found

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


def thread_code_of(samples: Iterable[Sample]) -> str:
    """Return the code of another thread that kept the interpreter for longest."""
    weights: dict[str, int] = {}
    for sample in samples:
        if sample.thread_code:
            weights[sample.thread_code] = weights.get(sample.thread_code, 0) + sample.weight_ns
    return max(weights, key=lambda each: weights[each], default=UNKNOWN_CODE)


def code_of(frames: Frames) -> str:
    """Return the responsible code of a stack; none for an empty one."""
    return culprit_of(frames) if frames else UNKNOWN_CODE
