"""What the worker and the database were busy with while customers came, for ``bench.api``."""

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
    """Shares between two looks.

    Args:
        worker: Of one core, by the service's processes.
        database: Of one core, by the database's process.
        phases: Of all the time that requests took, by phase.
    """

    worker: float
    database: float
    phases: dict[str, float]

    def phases_told(self) -> str:
        """The phases that took a hundredth or more, largest first."""
        told = sorted(
            ((share, phase) for phase, share in self.phases.items() if share >= 0.01), reverse=True
        )
        return ", ".join(f"{phase} {share:.0%}" for share, phase in told)


class Watch:
    """Looks at the start and at the end of a block.

    Args:
        stack: With a service of one worker.
    """

    def __init__(self, stack: Stack) -> None:
        self._management = f"http://127.0.0.1:{stack.port('service', 'management')}/metrics"
        self._pids = {name: stack.pid(name) for name in ("service", "mongodb")}

    def __enter__(self) -> Self:
        self._before = self._look()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._after = self._look()

    def usage(self) -> Usage:
        """What the block used."""
        used = {name: after - self._before[name] for name, after in self._after.items()}
        spent = {phase: used[phase] for phase in PHASES}
        whole = sum(spent.values()) or 1.0
        seconds = used["seconds"]
        return Usage(
            used["service"] / seconds,
            used["mongodb"] / seconds,
            {phase: took / whole for phase, took in spent.items()},
        )

    def _look(self) -> dict[str, float]:
        seen = (
            dict.fromkeys(PHASES, 0.0)
            | {"seconds": _uptime()}
            | {name: _cpu_seconds(pid) for name, pid in self._pids.items()}
        )
        with urllib.request.urlopen(self._management, timeout=10) as answer:
            for family in text_string_to_metric_families(answer.read().decode()):
                for sample in family.samples:
                    if sample.name == names.REQUEST_PHASE.name:
                        seen[sample.labels["phase"]] += sample.value
        return seen


def _uptime() -> float:
    with open("/proc/uptime", encoding="ascii") as uptime:
        return float(uptime.read().split()[0])


def _cpu_seconds(pid: int | None) -> float:
    assert pid is not None, "it was started"
    process = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))
