"""Which other thread kept the interpreter to itself: the one that computed most."""

import time
from collections.abc import Mapping
from typing import Final

from telemetry.greenlets import cpu_clocks_of_threads, places_of_thread
from telemetry.hub.code_names import CodeNames, culprit_of, frames_that_ran
from telemetry.native import current_thread

FRAMES: Final = 64
LEAST_SECONDS: Final = 0.01
MAIN_SHARE: Final = 0.7


class OtherThreads:
    """The threads beside the hub's; the sampling thread makes it, and reads.

    Args:
        hub_thread: Identifier of the hub's thread.
        names: Of code.
    """

    def __init__(self, hub_thread: int, names: CodeNames) -> None:
        self._left_out = {hub_thread, current_thread()}
        self._names = names
        self._seconds: dict[int, tuple[int, float]] = {}

    def read(self) -> dict[int, float]:
        """Return the CPU seconds of each thread since the reading before; 10 µs a thread."""
        used, self._seconds = self._used_since(self._seconds)
        return used

    def busiest_code(self) -> str:
        """Return the code of the thread that computed most since; empty unless one stands out."""
        return self._busiest_of(self.read())

    def peek(self) -> str:
        """Return the same; any thread may ask, for this is no reading."""
        return self._busiest_of(self._used_since(self._seconds)[0])

    def _used_since(
        self, before: Mapping[int, tuple[int, float]]
    ) -> tuple[dict[int, float], dict[int, tuple[int, float]]]:
        used: dict[int, float] = {}
        now: dict[int, tuple[int, float]] = {}
        for ident, clock in cpu_clocks_of_threads().items():
            if ident in self._left_out:
                continue
            try:
                seconds = time.clock_gettime(clock)
            except OSError:  # it has ended
                continue
            now[ident] = clock, seconds
            same = before.get(ident)
            used[ident] = seconds - (same[1] if same is not None and same[0] == clock else 0.0)
        return used, now

    def _busiest_of(self, used: Mapping[int, float]) -> str:
        most = max(used, key=lambda ident: used[ident], default=0)
        if used.get(most, 0.0) < max(LEAST_SECONDS, MAIN_SHARE * sum(used.values())):
            return ""
        frames = places_of_thread(most, self._names.place, FRAMES)
        return culprit_of(frames_that_ran(frames)) if frames else ""
