"""The Runtime board's machines, which the workers share with other processes."""

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
                "Share of all cores, of the busiest machine and of the median one. High while the"
                " workers are low: another process on the machine uses them."
            ),
            targets=(
                Target(queries.MACHINE_CPU, "highest"),
                Target(queries.MACHINE_CPU_MEDIAN, "median"),
            ),
            limits=objectives.CPU_RATIO,
        ),
        TimeSeries(
            title="Machine: memory in use",
            unit="percentunit",
            description=(
                "Of the fullest machine and of the median one. Near 100 % the kernel kills a"
                " process, likely a worker: board Life cycle shows its start."
            ),
            targets=(
                Target(queries.MACHINE_MEMORY, "highest"),
                Target(queries.MACHINE_MEMORY_MEDIAN, "median"),
            ),
            limits=objectives.MEMORY_RATIO,
        ),
        TimeSeries(
            title="Machine: memory",
            unit="bytes",
            description=(
                "By state, the largest of all machines. `available` is what processes can still get"
                " without swapping."
            ),
            targets=(Target(queries.MACHINE_MEMORY_BYTES, "{{state}}"),),
        ),
        TimeSeries(
            title="Machine: load",
            unit="short",
            description=(
                "Highest load averages beside the number of processors. Above it for long: tasks"
                " queue for a core."
            ),
            targets=(
                Target(queries.LOAD, "{{period}}"),
                Target(queries.PROCESSORS, "processors"),
            ),
        ),
    ),
)
