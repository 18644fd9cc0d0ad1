"""The ``gc`` phase: collections of garbage, counted for the greenlet that ran into them.

A collection that runs in the hub's own greenlet or in another thread is nobody's: who waits then
waits for the hub.
"""

import gc
import sys
import time
from typing import Any

from greenlet import getcurrent

from telemetry.guard import Place
from telemetry.requests.open_waits import LINE

_clock_ns = time.perf_counter_ns


class Collections:
    """Times the collections of one thread.

    Args:
        guard: Counts what goes wrong, but for the interpreter's end.
    """

    def __init__(self, guard: Place) -> None:
        self._guard = guard
        self._began_ns = 0
        self._greenlet: object = None

    def start(self) -> None:
        """Time collections from now on."""
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Time no more."""
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)

    def _on_collection(
        self,
        event: str,
        info: Any,
        # Bound here: modules are emptied at the interpreter's end, while it still collects.
        getcurrent: Any = getcurrent,
        clock_ns: Any = _clock_ns,
        is_finalizing: Any = sys.is_finalizing,
    ) -> None:
        try:
            if event == "start":
                self._greenlet, self._began_ns = getcurrent(), clock_ns()
                return
            greenlet, self._greenlet = self._greenlet, None
            # A finalizer may have switched greenlets, and another collection begun.
            if greenlet is not None and greenlet is getcurrent():
                line = getattr(greenlet, LINE, None)
                if line is not None:
                    line.collected_ns += clock_ns() - self._began_ns
        except Exception as error:
            self._greenlet = None
            if not is_finalizing():
                self._guard.caught(error)
