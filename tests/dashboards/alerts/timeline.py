"""Series in promtool's notation, as phases of a timeline, and one case of an alert."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

OF_SERVICE: Final = 'deployment_environment_name="test", service_name="serene"'
STEP_SECONDS: Final = 5
"""Between two samples; one second where rules are scaled."""


@dataclass(frozen=True)
class Case:
    """An alert that is quiet, fires, and resolves.

    Args:
        alert: Its name.
        severity: Its severity.
        series: By selector, values in promtool's notation.
        quiet: Seconds at which it does not fire.
        fires: Seconds at which it fires.
        resolved: Seconds at which it fires no more.
        labels: Of the firing alert, among others.
        scale: Time scale of the rules; samples are then a second apart.
        without: Alerts that do not fire when it does.
    """

    alert: str
    severity: str
    series: dict[str, str]
    quiet: int
    fires: int
    resolved: int
    labels: dict[str, str] = field(default_factory=dict)
    scale: float = 1
    without: Sequence[str] = ()

    @property
    def id(self) -> str:
        more = ",".join(self.labels.values())
        return f"{self.alert}-{self.severity}" + (f"-{more}" if more else "")


def worker(slot: int = 0) -> str:
    """Return the labels of one worker."""
    return f'{OF_SERVICE}, service_instance_id="host/{slot}"'


def series(name: str, labels: str = "", slot: int = 0) -> str:
    """Return the selector of a series of one worker."""
    return f"{name}{{{', '.join(filter(None, (labels, worker(slot))))}}}"


def collector(name: str, labels: str = "") -> str:
    """Return the selector of a series of the Collector."""
    job = 'job="otelcol"'
    return f"{name}{{{', '.join(filter(None, (labels, job)))}}}"


def phases(*parts: tuple[int, float | None], step: int = STEP_SECONDS) -> str:
    """Return a gauge's values: for so many seconds that value; ``None`` is no sample."""
    return " ".join(
        f"_x{seconds // step}" if value is None else f"{value:.10g}x{seconds // step - 1}"
        for seconds, value in parts
    )


def ramp(*parts: tuple[int, float], begin: float = 0, step: int = STEP_SECONDS) -> str:
    """Return a counter's values: for so many seconds that increase a second."""
    texts, value = [], begin
    for seconds, rate in parts:
        count, increase = seconds // step, rate * step
        texts.append(f"{value:.10g}+{increase:.10g}x{count - 1}")
        value += increase * count
    return " ".join(texts)


def running(seconds: int, *, workers: int = 1, step: int = STEP_SECONDS) -> dict[str, str]:
    """Return what each worker exposes while all is well: it is scraped, and began at 0 s."""
    found = {}
    for slot in range(workers):
        found |= {
            series("up", 'job="serene"', slot): phases((seconds, 1), step=step),
            series("process_start_time_seconds", "", slot): phases((seconds, 0), step=step),
        }
    return found
