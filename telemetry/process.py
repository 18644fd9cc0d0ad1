"""The process and its machine as metrics, sampled by the background loop.

``sample`` reads /proc; a scrape or a health route only reads the last sample, and the clock. What
the platform does not provide is absent, never zero.
"""

import time
from collections.abc import Callable, Iterable, Iterator

import psutil
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family

from telemetry import names
from telemetry.metrics import Metrics
from telemetry.names import Metric

_ABSENT = (AttributeError, NotImplementedError, OSError, psutil.Error)
"""Raised by psutil for a value that this platform, or this container, does not provide."""

_OWN: tuple[Metric, ...] = (
    names.SYSTEM_MEMORY_RATIO,
    names.SYSTEM_MEMORY_BYTES,
    names.SYSTEM_LOAD,
    names.SYSTEM_CPU_COUNT,
    names.SYSTEM_CPU_RATIO,
    names.PROCESS_CPU_RATIO,
    names.PROCESS_THREADS,
    names.CLOCK,
)


class ProcessSampler:
    """Samples the process and the machine.

    Args:
        metrics: Where the last sample is exposed. The first is taken at once.
        clock: Monotonic seconds, for shares of processor time.
    """

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._collectors = (
            ProcessCollector(registry=None),
            PlatformCollector(registry=None),
            GCCollector(registry=CollectorRegistry()),  # it cannot be made without one
        )
        self._process_before = (clock(), time.process_time())
        self._machine_before = _machine_seconds()
        self._families: list[Family] = []
        self.sample()
        metrics.registry.register(self)

    def sample(self) -> None:
        """Take a sample; about 0.2 ms, most of it in /proc."""
        self._families = [
            *self._by_client(),
            *_available(_memory, _load, _processors, _threads),
            *self._shares(),
        ]

    def describe(self) -> Iterable[Family]:
        """Return every family that a sample may have, without values."""
        return [Family(each.name, each.documentation, each.type) for each in self._by_client()] + [
            _gauge(metric) for metric in _OWN
        ]

    def collect(self) -> Iterable[Family]:
        """Return the last sample, and the clock of now: a scraper compares it with its own."""
        return [*self._families, _gauge(names.CLOCK, {"": time.time()})]

    def _by_client(self) -> list[Family]:
        families = [family for collector in self._collectors for family in collector.collect()]
        return (
            families
            if any(family.name.startswith("process_") for family in families)
            else families + list(_available(process_by_psutil))
        )

    def _shares(self) -> Iterator[Family]:
        """Shares of processor time since the sample before; absent where no time has passed."""
        before, self._process_before = self._process_before, (self._clock(), time.process_time())
        passed, used = (now - then for now, then in zip(self._process_before, before, strict=True))
        if passed > 0 and used >= 0:  # after a fork the count begins at zero
            yield _gauge(names.PROCESS_CPU_RATIO, {"": used / passed})
        machine_before, self._machine_before = self._machine_before, _machine_seconds()
        passed, busy = (
            now - then for now, then in zip(self._machine_before, machine_before, strict=True)
        )
        if passed > 0:
            yield _gauge(names.SYSTEM_CPU_RATIO, {"": min(1.0, max(0.0, busy / passed))})


def process_by_psutil() -> Iterator[Family]:
    """Yield ProcessCollector's families on platforms that have no /proc."""
    process = psutil.Process()
    with process.oneshot():
        memory, cpu = process.memory_info(), process.cpu_times()
        yield GaugeMetricFamily(
            "process_virtual_memory_bytes", "Virtual memory size in bytes.", memory.vms
        )
        yield GaugeMetricFamily(
            "process_resident_memory_bytes", "Resident memory size in bytes.", memory.rss
        )
        yield GaugeMetricFamily(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds.",
            process.create_time(),
        )
        yield CounterMetricFamily(
            "process_cpu_seconds",
            "Total user and system CPU time spent in seconds.",
            cpu.user + cpu.system,
        )
        yield GaugeMetricFamily(
            "process_open_fds", "Number of open file descriptors.", process.num_fds()
        )


def _available(*readers: Callable[[], Iterator[Family]]) -> Iterator[Family]:
    """Yield the families of the readers that this platform supports."""
    for read in readers:
        try:
            yield from read()
        except _ABSENT:
            continue


def _memory() -> Iterator[Family]:
    memory = psutil.virtual_memory()
    used = memory.total - memory.available
    yield _gauge(names.SYSTEM_MEMORY_RATIO, {"": used / memory.total})
    # The two states add up to the machine's memory: available memory includes caches that can be
    # dropped.
    yield _gauge(names.SYSTEM_MEMORY_BYTES, {"used": used, "available": memory.available})


def _load() -> Iterator[Family]:
    yield _gauge(
        names.SYSTEM_LOAD, dict(zip(("1m", "5m", "15m"), psutil.getloadavg(), strict=True))
    )


def _processors() -> Iterator[Family]:
    count = psutil.cpu_count()
    if count is not None:
        yield _gauge(names.SYSTEM_CPU_COUNT, {"": count})


def _threads() -> Iterator[Family]:
    # A new object each time: a process that was forked after the first sample is another one.
    yield _gauge(names.PROCESS_THREADS, {"": psutil.Process().num_threads()})


def _machine_seconds() -> tuple[float, float]:
    """Return the machine's processor time since it started: all of it, and the time not idle.

    Not ``psutil.cpu_percent``: it keeps its last sample by thread, and under gevent every greenlet
    is one.
    """
    times = psutil.cpu_times()._asdict()
    # Linux counts time spent for guests in user and nice already.
    total = sum(seconds for kind, seconds in times.items() if not kind.startswith("guest"))
    return total, total - times["idle"] - times.get("iowait", 0.0)


def _gauge(metric: Metric, values: dict[str, float] | None = None) -> Family:
    """Return a gauge's family; its values by label value, or by "" for a gauge without a label."""
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for label, value in (values or {}).items():
        family.add_metric([label] if metric.labels else [], value)
    return family
