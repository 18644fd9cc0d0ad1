"""The process and the machine, sampled.

Everything here is read from the operating system by ``sample``, which the background loop calls; a scrape or a health route only sees
what was read last, so neither does I/O. What a platform does not report is absent.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, cast

import psutil
from prometheus_client import CollectorRegistry, GCCollector, Metric, PlatformCollector, ProcessCollector

from telemetry import names
from telemetry.metrics import Metrics


class Collects(Protocol):
    """What prometheus_client asks of a collector."""

    def collect(self) -> Iterable[Metric]: ...


class _Nowhere:
    """Stands in for the registry that some collectors register themselves with: it is their samples that are registered."""

    def register(self, _: object) -> None:
        """Do nothing."""


class Sampled:
    """A collector whose families are those of the last sample.

    Args:
        source: Reads the operating system each time it collects.
    """

    def __init__(self, source: Collects) -> None:
        self._source = source
        self._families: tuple[Metric, ...] = tuple(source.collect())

    def sample(self) -> None:
        """Read anew."""
        self._families = tuple(self._source.collect())

    def collect(self) -> Iterator[Metric]:
        """What was read last."""
        yield from self._families


class ProcessSampler:
    """The collectors of prometheus_client for process, platform and garbage collector, and psutil for what they lack.

    Args:
        metrics: Where everything is registered.
    """

    def __init__(self, metrics: Metrics) -> None:
        nowhere = cast(CollectorRegistry, _Nowhere())
        self._sampled = tuple(Sampled(source(registry=nowhere)) for source in (ProcessCollector, PlatformCollector, GCCollector))
        for sampled in self._sampled:
            metrics.registry.register(sampled)
        self._process = psutil.Process()
        self._memory_ratio = metrics.gauge(names.SYSTEM_MEMORY_RATIO)
        self._memory = metrics.gauges(names.SYSTEM_MEMORY_BYTES)
        self._load = metrics.gauges(names.SYSTEM_LOAD)
        self._cpu_ratio = metrics.gauge(names.SYSTEM_CPU_RATIO)
        self._process_cpu_ratio = metrics.gauge(names.PROCESS_CPU_RATIO)
        metrics.gauge(names.SYSTEM_CPU_COUNT).set(psutil.cpu_count() or 1)
        # The first call of each only begins the interval that the next one reports.
        psutil.cpu_percent(interval=None)
        self._process.cpu_percent(interval=None)

    def sample(self) -> None:
        """Read everything once; takes a few milliseconds at most."""
        for sampled in self._sampled:
            sampled.sample()
        memory = psutil.virtual_memory()
        self._memory_ratio.set(memory.percent / 100)
        for state in ("total", "available", "used"):
            self._memory[(state,)].set(getattr(memory, state))
        for period, load in zip(("1m", "5m", "15m"), psutil.getloadavg(), strict=True):
            self._load[(period,)].set(load)
        self._cpu_ratio.set(psutil.cpu_percent(interval=None) / 100)
        self._process_cpu_ratio.set(self._process.cpu_percent(interval=None) / 100)
