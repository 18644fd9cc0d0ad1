"""Samples are true, cost nothing to read, and lack what the platform does not provide."""

import builtins
import os
import time

import psutil
import pytest
from prometheus_client import ProcessCollector

from telemetry import names, native
from telemetry.metrics import Metrics
from telemetry.process import ProcessSampler, process_by_psutil


class Sampled:
    """A sampler that has taken two samples, with time between."""

    def __init__(self, **options):
        self.metrics = Metrics()
        self.sampler = ProcessSampler(self.metrics, **options)
        while (
            names.SYSTEM_CPU_RATIO.name not in self.names()
        ):  # the system counts in hundredths of a second
            self.sampler.sample()

    def value(self, metric, **labels):
        name = metric if isinstance(metric, str) else metric.name
        families = self.metrics.registry.restricted_registry([name]).collect()
        return next(
            (
                sample.value
                for family in families
                for sample in family.samples
                if sample.labels == labels
            ),
            None,
        )

    def names(self):
        return {
            sample.name for family in self.metrics.registry.collect() for sample in family.samples
        }


def test_values_of_machine_and_process_are_those_of_psutil():
    sampled = Sampled()
    memory = psutil.virtual_memory()
    used, available = (
        sampled.value(names.SYSTEM_MEMORY_BYTES, state="used"),
        sampled.value(names.SYSTEM_MEMORY_BYTES, state="available"),
    )
    assert used + available == memory.total
    assert available == pytest.approx(memory.available, rel=0.2)
    assert sampled.value(names.SYSTEM_MEMORY_RATIO) == used / memory.total
    assert [
        sampled.value(names.SYSTEM_LOAD, period=period) for period in ("1m", "5m", "15m")
    ] == pytest.approx(psutil.getloadavg(), abs=1)
    assert sampled.value(names.SYSTEM_CPU_COUNT) == psutil.cpu_count()
    assert 0 <= sampled.value(names.SYSTEM_CPU_RATIO) <= 1
    assert sampled.value("process_resident_memory_bytes") == pytest.approx(
        psutil.Process().memory_info().rss, rel=0.2
    )
    assert sampled.value("python_gc_collections_total", generation="2") > 0


def test_sample_has_the_families_of_its_description():
    sampled = Sampled()
    described = {(family.name, family.type) for family in sampled.sampler.describe()}
    assert {(family.name, family.type) for family in sampled.sampler.collect()} == described
    assert {
        "process_cpu_seconds_total",
        "process_open_fds",
        "python_info",
        "python_gc_objects_collected_total",
    } <= sampled.names()


def test_share_of_a_core_is_the_usage_since_the_previous_sample():
    now = [0.0]
    sampled = Sampled(clock=lambda: now[0])
    assert sampled.value(names.PROCESS_CPU_RATIO) is None
    used = time.process_time()
    while time.process_time() < used + 0.2:
        pass
    now[0] = 0.4
    sampled.sampler.sample()
    assert sampled.value(names.PROCESS_CPU_RATIO) == pytest.approx(0.5, abs=0.1)


def test_threads_are_counted():
    sampled, ended = Sampled(), []
    before = sampled.value(names.PROCESS_THREADS)

    def wait():
        while not ended:
            native.sleep(0.001)

    thread = native.NativeThread(wait)
    thread.start()
    sampled.sampler.sample()
    assert sampled.value(names.PROCESS_THREADS) == before + 1
    ended.append(True)
    while not thread.ended:
        native.sleep(0.001)


def test_reading_opens_no_file(monkeypatch):
    sampled = Sampled()

    def no_file(*args, **kwargs):
        raise AssertionError(f"opened {args}")

    for module, name in ((builtins, "open"), (os, "listdir"), (os, "open")):
        monkeypatch.setattr(module, name, no_file)
    samples = [sample for family in sampled.metrics.registry.collect() for sample in family.samples]
    monkeypatch.undo()
    assert len(samples) > 20


def test_a_value_that_the_platform_lacks_is_absent(monkeypatch):
    def no_load():
        raise OSError("not here")

    monkeypatch.setattr(psutil, "getloadavg", no_load)
    monkeypatch.setattr(psutil, "cpu_count", lambda: None)
    monkeypatch.delattr(psutil, "virtual_memory")
    sampled = Sampled()
    everything = {
        metric.name for metric in names.ALL if metric.name.startswith(("system_", "process_"))
    }
    present = {
        names.SYSTEM_CPU_RATIO.name,
        names.PROCESS_CPU_RATIO.name,
        names.CLOCK.name,
        names.PROCESS_THREADS.name,
    }
    assert sampled.names() & everything == present


def test_without_proc_psutil_provides_the_same_families(monkeypatch):
    usual = {family.name: family.type for family in ProcessCollector(registry=None).collect()}
    del usual["process_max_fds"]
    assert {family.name: family.type for family in process_by_psutil()} == usual
    monkeypatch.setattr(ProcessCollector, "collect", lambda self: [])
    sampled = Sampled()
    assert sampled.value("process_resident_memory_bytes") > 1e6
    assert sampled.value("process_start_time_seconds") == pytest.approx(
        psutil.Process().create_time(), abs=1
    )


def test_forked_child_samples_itself():
    read, write = os.pipe()
    sampled = Sampled()
    pid = os.fork()
    if not pid:
        try:
            sampled.sampler.sample()
            values = map(sampled.value, (names.PROCESS_THREADS, names.PROCESS_CPU_RATIO))
            os.write(write, " ".join(map(str, values)).encode())
        finally:
            os._exit(0)
    os.close(write)
    threads, ratio = os.read(read, 100).decode().split()
    os.close(read)
    os.waitpid(pid, 0)
    assert (threads, ratio) == ("1", "None")


def test_clock_is_that_of_the_scrape_not_of_the_sample(monkeypatch):
    sampled = Sampled()
    for now in (1_800_000_000.0, 1_800_000_060.5):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert sampled.value(names.CLOCK) == now
