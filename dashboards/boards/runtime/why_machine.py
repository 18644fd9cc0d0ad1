"""The Runtime board's machine, which the workers share with other processes."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import Target, TimeSeries
from dashboards.queries import runtime as queries
from service import objectives

SECTION: Final = Section(
    "Why? The machine",
    Band(
        7,
        TimeSeries(
            title="Machine: CPU",
            unit="percentunit",
            description=(
                "Share of all cores. High while the workers are low: another process on the machine"
                " uses them."
            ),
            targets=(Target(queries.MACHINE_CPU, "in use"),),
            limits=objectives.CPU_RATIO,
        ),
        TimeSeries(
            title="Machine: memory in use",
            unit="percentunit",
            description="Near 100 % the kernel kills a process, likely a worker: see Restarts.",
            targets=(Target(queries.MACHINE_MEMORY, "in use"),),
            limits=objectives.MEMORY_RATIO,
        ),
        TimeSeries(
            title="Machine: memory",
            unit="bytes",
            description="By state. `available` is what processes can still get without swapping.",
            targets=(Target(queries.MACHINE_MEMORY_BYTES, "{{state}}"),),
        ),
        TimeSeries(
            title="Machine: load",
            unit="short",
            description=(
                "Load averages beside the number of processors. Above it for long: tasks queue for"
                " a core."
            ),
            targets=(
                Target(queries.LOAD, "{{period}}"),
                Target(queries.PROCESSORS, "processors"),
            ),
        ),
    ),
)
