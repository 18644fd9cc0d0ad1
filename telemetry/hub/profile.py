"""The profile: what the sampling thread saw to run, by minutes, for one hour; bounded in bytes.

Only the sampling thread writes; any thread reads, and none waits. When a sample does not fit, the
oldest minutes leave first; where even the present minute is too large, the sample itself is left
out. Both are counted.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from telemetry.hub.attribution import Cause
from telemetry.hub.samples import Sample

MINUTES: Final = 60
MOST_BYTES: Final = 2_000_000
NO_ROUTE: Final = "(none)"
"""Route of code outside of requests."""
_SLOT_SECONDS: Final = 60
_ENTRY_BYTES: Final = 160
"""Of a counted stack in one minute: its place in a dictionary and its two numbers."""
_STACK_BYTES: Final = 240
"""Of a stack: two tuples and its place in a dictionary; each frame adds a pointer."""

Labels = tuple[str, ...]
"""A stack of ``module:function``, outermost first."""


class Stack(NamedTuple):
    """What ran, as it is counted.

    Args:
        labels: The stack.
        route: Of the request, or ``NO_ROUTE``.
        kind: ``cpu`` when it computed, else what it waited for.
    """

    labels: Labels
    route: str
    kind: Cause


@dataclass(slots=True)
class Counted:
    """How often a stack was seen.

    Args:
        samples: Number.
        nanoseconds: Time that they stand for.
    """

    samples: int = 0
    nanoseconds: int = 0


@dataclass(slots=True)
class _Shared:
    """One stack for all minutes that count it."""

    stack: Stack
    minutes: int = 0


@dataclass(slots=True)
class _Minute:
    number: int
    stacks: dict[Stack, Counted] = field(default_factory=dict)


class Profile:
    """The samples of the last hour.

    Args:
        sample_every_seconds: Interval of the sampling thread: what one sample stands for.
        most_bytes: Bound of the memory; estimated.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        sample_every_seconds: float,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sample_every_seconds = sample_every_seconds
        self.samples = 0
        """Samples counted since the start."""
        self.left_out = 0
        """Samples that were left out for memory, or left before their hour was over."""
        self._clock = clock
        self._most_bytes = most_bytes
        self._minutes: list[_Minute] = []
        self._stacks: dict[Stack, _Shared] = {}
        self._entries = 0
        self._stack_bytes = 0

    @property
    def size(self) -> int:
        """Bytes in use; estimated."""
        return self._entries * _ENTRY_BYTES + self._stack_bytes

    def add(self, sample: Sample) -> None:
        """Count a sample."""
        number = int(self._clock() // _SLOT_SECONDS)
        if not self._minutes or self._minutes[-1].number != number:
            self._minutes = [*self._minutes, _Minute(number)]
        while self._minutes[0].number <= number - MINUTES:
            self._drop_oldest()
        stack = Stack(
            tuple([place.name.label for place in sample.frames]),
            sample.record.route if sample.record is not None else NO_ROUTE,
            sample.cause,
        )
        counted = self._counted(stack)
        if counted is None:
            self.left_out += 1
            return
        self.samples += 1
        counted.samples += 1
        # A sample on time stands for one interval, one that came late for the time before it.
        counted.nanoseconds += max(sample.weight_ns, int(self.sample_every_seconds * 1e9))

    def between(self, seconds: float) -> Iterator[tuple[Stack, Counted]]:
        """Yield the stacks of the last seconds with their counts, by minutes.

        Args:
            seconds: Before now; rounded up to whole minutes, so that the present one is included.
        """
        oldest = (self._clock() - seconds) // _SLOT_SECONDS
        for minute in self._minutes:
            if minute.number >= oldest:
                yield from minute.stacks.copy().items()

    def _counted(self, stack: Stack) -> Counted | None:
        minute = self._minutes[-1]
        counted = minute.stacks.get(stack)
        if counted is not None:
            return counted
        while not self._fits(stack):
            if len(self._minutes) == 1:
                return None
            self.left_out += sum(each.samples for each in self._minutes[0].stacks.values())
            self._drop_oldest()
        shared = self._stacks.get(stack)
        if shared is None:
            shared = self._stacks[stack] = _Shared(stack)
            self._stack_bytes += _bytes_of(stack)
        shared.minutes += 1
        self._entries += 1
        counted = minute.stacks[shared.stack] = Counted()
        return counted

    def _fits(self, stack: Stack) -> bool:
        more = _ENTRY_BYTES + (0 if stack in self._stacks else _bytes_of(stack))
        return self.size + more <= self._most_bytes

    def _drop_oldest(self) -> None:
        oldest, self._minutes = self._minutes[0], self._minutes[1:]
        for stack in oldest.stacks:
            shared = self._stacks[stack]
            shared.minutes -= 1
            if not shared.minutes:
                del self._stacks[stack]
                self._stack_bytes -= _bytes_of(stack)
        self._entries -= len(oldest.stacks)


def _bytes_of(stack: Stack) -> int:
    return _STACK_BYTES + 8 * len(stack.labels)
