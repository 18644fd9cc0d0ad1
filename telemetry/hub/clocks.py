"""The system's clocks of one thread: how long it computed, and how long it waited for a processor.

Readable from any thread; a reading takes 6 µs, several times that where readings are rare. A clock
that a platform lacks stays zero (macOS: the wait and the runs) or is coarser (macOS: the process's
CPU time in place of the thread's).

Source: Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat".
"""

import os
import time
from dataclasses import dataclass
from typing import Self

from telemetry.native import current_thread


@dataclass(slots=True)
class Usage:
    """Totals at one instant, or the difference between two; seconds.

    Args:
        thread_cpu: CPU time of the thread.
        thread_ready: Time in which the thread was ready to run and had no processor.
        process_cpu: CPU time of all threads.
        runs: How often the thread got a processor; 0 where that is not known.
    """

    thread_cpu: float
    thread_ready: float
    process_cpu: float
    runs: int = 0

    def since(self, earlier: Self) -> "Usage":
        """Return the difference between an earlier reading and this one."""
        return Usage(
            self.thread_cpu - earlier.thread_cpu,
            self.thread_ready - earlier.thread_ready,
            self.process_cpu - earlier.process_cpu,
            self.runs - earlier.runs,
        )


class Clocks:
    """The clocks of the thread that makes this object."""

    def __init__(self) -> None:
        self._cpu_clock = (
            time.pthread_getcpuclockid(current_thread())
            if hasattr(time, "pthread_getcpuclockid")
            else None
        )
        try:
            self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # not Linux, or without these statistics
            self._schedstat = -1

    def read(self) -> Usage:
        """Return the totals at this instant; another thread may run meanwhile."""
        thread_cpu = (
            time.clock_gettime(self._cpu_clock)
            if self._cpu_clock is not None
            else time.process_time()
        )
        ready, runs = self.read_ready_and_runs()
        return Usage(thread_cpu, ready, time.process_time(), runs)

    def read_ready_and_runs(self) -> tuple[float, int]:
        """Return the totals of ``Usage.thread_ready`` and ``Usage.runs`` alone."""
        if self._schedstat < 0:
            return 0.0, 0
        _, ready, runs = os.pread(self._schedstat, 80, 0).split()
        return int(ready) / 1e9, int(runs)

    def close(self) -> None:
        """Close the file; no reading after this."""
        if self._schedstat >= 0:
            os.close(self._schedstat)
            self._schedstat = -1
