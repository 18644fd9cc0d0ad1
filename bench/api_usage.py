"""What used the worker and the database during a part of ``bench.api``."""

import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, get_args

import psutil
from prometheus_client.parser import text_string_to_metric_families

from stack.runner import Stack
from telemetry import names

PHASES: Final = get_args(names.Phase)


@dataclass(frozen=True, slots=True)
class Usage:
    """Shares of time in one block.

    Args:
        worker: Of one core, used by the service's processes.
        database: Of one core, used by the database's process.
        phases: Of the requests' total time, by phase.
    """

    worker: float
    database: float
    phases: dict[str, float]

    def format_phases(self) -> str:
        """Return the phases with a share of 1% or more, largest first."""
        shares = sorted(((share, phase) for phase, share in self.phases.items()), reverse=True)
        return ", ".join(f"{phase} {share:.0%}" for share, phase in shares if share >= 0.01)


class UsageMeter:
    """Reads counters at the start and at the end of a block.

    Args:
        stack: With a service of one worker.
    """

    def __init__(self, stack: Stack) -> None:
        self._management = f"http://127.0.0.1:{stack.port('service', 'management')}/metrics"
        self._pids = {name: stack.pid(name) for name in ("service", "mongodb")}

    def __enter__(self) -> Self:
        self._before = self._read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._after = self._read()

    def usage(self) -> Usage:
        """Return the shares of time in the block."""
        used = {name: after - self._before[name] for name, after in self._after.items()}
        spent = {phase: used[phase] for phase in PHASES}
        whole = sum(spent.values()) or 1.0
        seconds = used["seconds"]
        return Usage(
            used["service"] / seconds,
            used["mongodb"] / seconds,
            {phase: took / whole for phase, took in spent.items()},
        )

    def _read(self) -> dict[str, float]:
        counters = (
            dict.fromkeys(PHASES, 0.0)
            | {"seconds": _uptime()}
            | {name: _cpu_seconds(pid) for name, pid in self._pids.items()}
        )
        with urllib.request.urlopen(self._management, timeout=10) as response:
            for family in text_string_to_metric_families(response.read().decode()):
                for sample in family.samples:
                    if sample.name == names.REQUEST_PHASE.name:
                        counters[sample.labels["phase"]] += sample.value
        return counters


def _uptime() -> float:
    with open("/proc/uptime", encoding="ascii") as uptime:
        return float(uptime.read().split()[0])


def _cpu_seconds(pid: int | None) -> float:
    assert pid is not None, "it was started"
    process = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))
