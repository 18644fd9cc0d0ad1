"""Processor time and memory of the processes that are measured."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.cost.servers import process_seconds
from stack.runner import Stack

OTHERS = ("model", "stripe-mock")


@dataclass(frozen=True, slots=True)
class Clocks:
    """Processor time until now, in seconds.

    Args:
        hubs: Of the workers' first threads, in which their hubs run.
        threads: Of the workers' other threads.
        database: Of the database server.
        others: Of the model and the payment provider.
    """

    hubs: float
    threads: float
    database: float
    others: float

    def since(self, before: "Clocks") -> "Clocks":
        """Return the difference."""
        return Clocks(
            self.hubs - before.hubs,
            self.threads - before.threads,
            self.database - before.database,
            self.others - before.others,
        )


class Processes:
    """The processes of a stack with a running service.

    Args:
        stack: That was started.
    """

    def __init__(self, stack: Stack) -> None:
        arbiter = stack.pid("service")
        assert arbiter is not None, "it was started"
        self.arbiter = psutil.Process(arbiter)
        self.workers = sorted(self.arbiter.children(), key=lambda one: one.pid)
        self._database = _pid(stack, "mongodb")
        self._others = [_pid(stack, name) for name in OTHERS if stack.pid(name) is not None]

    def clocks(self) -> Clocks:
        """Read all clocks."""
        hubs = sum(hub_seconds(worker.pid) for worker in self.workers)
        whole = sum(process_seconds(worker.pid) for worker in self.workers)
        others = sum(process_seconds(pid) for pid in self._others)
        return Clocks(hubs, whole - hubs, process_seconds(self._database), others)

    def resident_mib(self) -> float:
        """Return the resident memory of the first worker."""
        return float(self.workers[0].memory_info().rss) / 2**20


def hub_seconds(pid: int) -> float:
    """Return the processor time of a process' first thread.

    Source: Linux, ``Documentation/scheduler/sched-stats``: the first field of ``schedstat``, in
    nanoseconds.
    """
    text = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii")
    return int(text.split()[0]) / 1e9


def machine() -> Mapping[str, str]:
    """Return what the figures were measured on."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "processor": cpu[0].partition(":")[2].strip() if cpu else "unknown",
        "cores": str(len(os.sched_getaffinity(0))),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


def _pid(stack: Stack, name: str) -> int:
    pid = stack.pid(name)
    assert pid is not None, f"{name} was started"
    return pid
