"""The process and its machine as metrics, as the background loop last saw them.

``sample`` reads /proc; a scrape or a health route only gets what it left behind. What the platform
does not tell is absent, never zero.
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
"""What psutil raises for something that this platform, or this container, does not tell."""

_OWN: tuple[Metric, ...] = (
    names.SYSTEM_MEMORY_RATIO,
    names.SYSTEM_MEMORY_BYTES,
    names.SYSTEM_LOAD,
    names.SYSTEM_CPU_COUNT,
    names.SYSTEM_CPU_RATIO,
    names.PROCESS_CPU_RATIO,
    names.PROCESS_THREADS,
)


class ProcessSampler:
    """Samples the process and the machine.

    Args:
        metrics: Where the last sample shows. The first is taken at once.
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
        """Look anew; about 0.2 ms, most of it in /proc."""
        self._families = [
            *self._by_client(),
            *_known(_memory, _load, _processors, _threads),
            *self._shares(),
        ]

    def describe(self) -> Iterable[Family]:
        """Every family that a sample may have, without samples."""
        return [Family(each.name, each.documentation, each.type) for each in self._by_client()] + [
            _gauge(metric) for metric in _OWN
        ]

    def collect(self) -> Iterable[Family]:
        """The last sample."""
        return self._families

    def _by_client(self) -> list[Family]:
        families = [family for collector in self._collectors for family in collector.collect()]
        return (
            families
            if any(family.name.startswith("process_") for family in families)
            else families + list(_known(process_by_psutil))
        )

    def _shares(self) -> Iterator[Family]:
        """Shares of processor time since the sample before; absent where no time has passed."""
        before, self._process_before = self._process_before, (self._clock(), time.process_time())
        passed, used = (now - then for now, then in zip(self._process_before, before, strict=True))
        if passed > 0 and used >= 0:  # a fork begins the count anew
            yield _gauge(names.PROCESS_CPU_RATIO, {"": used / passed})
        machine_before, self._machine_before = self._machine_before, _machine_seconds()
        passed, busy = (
            now - then for now, then in zip(self._machine_before, machine_before, strict=True)
        )
        if passed > 0:
            yield _gauge(names.SYSTEM_CPU_RATIO, {"": min(1.0, max(0.0, busy / passed))})


def process_by_psutil() -> Iterator[Family]:
    """What ProcessCollector reads from /proc, under its names, for platforms that have no /proc."""
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


def _known(*looks: Callable[[], Iterator[Family]]) -> Iterator[Family]:
    """The families of those looks that this platform allows."""
    for look in looks:
        try:
            yield from look()
        except _ABSENT:
            continue


def _memory() -> Iterator[Family]:
    memory = psutil.virtual_memory()
    used = memory.total - memory.available
    yield _gauge(names.SYSTEM_MEMORY_RATIO, {"": used / memory.total})
    # The two states add up to the machine's memory: what is available includes caches that can be
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
    # Made anew each time: a process that was forked after the first sample is another one.
    yield _gauge(names.PROCESS_THREADS, {"": psutil.Process().num_threads()})


def _machine_seconds() -> tuple[float, float]:
    """Processor time of the machine since it started: all of it, and what was not idle.

    Not ``psutil.cpu_percent``: it remembers its last look by thread, and under gevent every
    greenlet is one.
    """
    times = psutil.cpu_times()._asdict()
    # Linux counts time spent for guests in user and nice already.
    total = sum(seconds for kind, seconds in times.items() if not kind.startswith("guest"))
    return total, total - times["idle"] - times.get("iowait", 0.0)


def _gauge(metric: Metric, values: dict[str, float] | None = None) -> Family:
    """The family of a gauge without a label, whose only value is keyed by an empty string, or with
    one.
    """
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for label, value in (values or {}).items():
        family.add_metric([label] if metric.labels else [], value)
    return family
