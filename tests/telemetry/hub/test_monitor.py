"""The monitor reports how long the hub was held, by which cause and by which request."""

import ctypes
import logging
import time
from functools import partial

import gevent
import pytest

from telemetry import native
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
from telemetry.hub.attribution import CAUSES
from telemetry.metrics import Metrics
from telemetry.requests.record import current_record
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.telemetry.hub.monitored_hub import MonitoredHub, monitored_hub
from tests.telemetry.records import record

HELD = "GET /api/v1/blog/posts/<slug>, request 6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"


@pytest.fixture
def hub(caplog):
    with caplog.at_level(logging.WARNING, logger="telemetry.hub"), monitored_hub() as hub:
        yield hub


class Work:
    """Ways to hold the hub; each ends once it was sampled, however slow the machine is.

    Args:
        hub: The monitored one.
    """

    def __init__(self, hub):
        self.hub = hub
        self.ended_at = time.monotonic() + PATIENCE_SECONDS

    def wait_in_a_call_gevent_does_not_know(self):
        least, enough = time.monotonic() + 0.4, self.hub.samples + 4
        while (now := time.monotonic()) < least or (
            self.hub.samples < enough and now < self.ended_at
        ):
            native.sleep(0.05)

    def compute(self):
        least, enough = time.thread_time() + 0.4, self.hub.samples + 4
        while time.thread_time() < least or (
            self.hub.samples < enough and time.monotonic() < self.ended_at
        ):
            pass

    def keep_the_interpreter(self):
        # ``PyDLL`` does not let go of the interpreter: the sampling thread waits until it ends.
        # A block of the machine's own may have been sampled before it.
        before = self.hub.samples
        ctypes.PyDLL(None).usleep(600_000)
        while self.hub.samples == before and time.monotonic() < self.ended_at:
            native.sleep(0.001)


def line_of(caplog, request):
    """The one line of the block that a request caused; the machine may have caused others."""
    wait_until(
        lambda: request in [line.request for line in caplog.records], what="the line of the block"
    )
    [line] = [line for line in caplog.records if line.request is request]
    assert {line.request for line in caplog.records} <= {None, request}
    return line


@pytest.mark.parametrize(
    ("work", "cause"),
    [(Work.wait_in_a_call_gevent_does_not_know, "blocked"), (Work.compute, "cpu")],
)
def test_request_that_holds_the_hub_is_named_with_its_stack(hub, caplog, work, cause):
    held = record()
    before, before_cpu = time.perf_counter(), time.thread_time()
    gevent.sleep(0.001)  # the hub's present turn began earlier
    hub.serve(held, partial(work, Work(hub)))
    held_seconds = time.perf_counter() - before
    cpu_seconds = time.thread_time() - before_cpu
    line = line_of(caplog, held)
    most = time.perf_counter() - before
    stack = line.fields.pop("stack")
    seconds = line.fields.pop("duration_seconds")
    causes = {each: line.fields.pop(f"{each}_seconds", 0.0) for each in CAUSES}
    assert 0.4 <= seconds <= most
    assert sum(causes.values()) == pytest.approx(seconds, abs=0.005)
    # What the machine took away meanwhile, and the sampling thread could not see, may be missing.
    unseen = 0.08 + causes["frozen"] + causes["gil"]
    expected = {"cpu": cpu_seconds, "blocked": held_seconds - cpu_seconds}
    assert {each: causes[each] for each in expected} == pytest.approx(expected, abs=unseen)
    named = max(causes, key=causes.get)
    assert named == cause or causes[cause] < unseen
    assert (line.levelname, line.fields) == (
        "WARNING",
        {
            "kind": named,
            "hub_code": f"{__name__}:{work.__qualname__}",
            "method": "GET",
            "route": "/api/v1/blog/posts/<slug>",
        },
    )
    assert [frame for frame in stack if __file__ in frame][-1].endswith(f" {work.__qualname__}")
    assert line.getMessage() == (
        f"hub held for {seconds:.3f} s ({named}) by {HELD}"
        f" in {__name__}:{work.__qualname__} at {stack[-1]}"
    )


@pytest.mark.slow
def test_holder_that_lets_no_thread_run_is_sampled_as_it_ends(hub, caplog):
    held = record()
    gevent.sleep(0.001)  # the hub's present turn began earlier
    hub.serve(held, Work(hub).keep_the_interpreter)
    line = line_of(caplog, held)
    assert line.fields["duration_seconds"] >= 0.6
    assert line.fields["stack"][-1].endswith(" Work.keep_the_interpreter")


@pytest.mark.slow
def test_holder_that_ends_before_it_was_sampled_is_no_other_request(hub, caplog):
    # A sampling thread that gets no processor at that moment comes too late: it names no request.
    held = record()
    hub.serve(held, lambda: ctypes.PyDLL(None).usleep(600_000))
    wait_until(lambda: caplog.records, what="the line of the block")
    assert all(line.request in (None, held) for line in caplog.records)
    assert all(
        line.fields["stack"]
        or "was not seen" in line.getMessage()
        or "(frozen)" in line.getMessage()
        for line in caplog.records
    )


def test_code_outside_of_requests_is_named_by_its_stack_alone(hub, caplog):
    gevent.spawn(Work(hub).wait_in_a_call_gevent_does_not_know).join()
    wait_until(lambda: any(line.fields["stack"] for line in caplog.records), what="the line")
    [line] = [line for line in caplog.records if line.fields["stack"]]
    assert line.request is None
    assert line.getMessage().endswith(
        f" by code outside of requests in {line.fields['hub_code']} at {line.fields['stack'][-1]}"
    )
    assert line.fields["stack"][-1].endswith(" Work.wait_in_a_call_gevent_does_not_know")


@pytest.mark.slow
def test_turn_that_several_requests_share_is_not_attributed_to_one(hub, caplog):
    one, other = record(request_id="1"), record(request_id="2")
    hub.requests += [one, other]

    def serve(request, seconds):
        request.greenlet = gevent.getcurrent()
        native.sleep(seconds)

    gevent.joinall([gevent.spawn(serve, one, 0.6), gevent.spawn(serve, other, 1.0)])
    wait_until(lambda: [one for one in caplog.records if one.request], what="the line of the block")
    # On a busy machine the hub is held by others too, before it or after it.
    [line] = [one for one in caplog.records if one.request]
    assert line.request is other
    assert ", request 2, " in line.getMessage()
    assert "% of it, in " in line.getMessage()


def seconds_of_cpu(seconds):
    """How far ``sum(range(count))``, which lets no other thread run, gets in so much CPU time."""
    before = time.thread_time()
    sum(range(1_000_000))
    return int(1_000_000 * seconds / (time.thread_time() - before))


def test_thread_that_keeps_the_interpreter_is_not_attributed_to_the_hub(hub):
    kept_seconds = []
    count = seconds_of_cpu(1.0)

    def keep_the_interpreter():
        before = time.perf_counter()
        sum(range(count))
        kept_seconds.append(time.perf_counter() - before)

    for number in range(1, 6):
        before = sum(hub.blocked().values())
        native.NativeThread(keep_the_interpreter).start()
        wait_until(lambda: len(kept_seconds) == number, what="the end of the thread")  # noqa: B023
        wait_until(lambda: sum(hub.blocked().values()) > before + 0.1, what="the block")  # noqa: B023
        if hub.blocked().get("gil"):
            break
        # Other processes had the processors for most of it.
    blocked = hub.blocked()
    assert 0.1 < blocked["gil"] < sum(kept_seconds) + 0.08
    assert blocked.get("cpu", 0.0) + blocked.get("blocked", 0.0) < 0.1


def test_every_turn_is_in_the_histogram(hub):
    before = hub.turns()
    for _ in range(50):
        gevent.sleep(0.001)
    gevent.spawn(native.sleep, 0.03).join()
    gevent.sleep(0.001)
    [family] = hub.metrics.registry.restricted_registry(["gevent_hub_lag_seconds_bucket"]).collect()
    buckets = [sample.value for sample in family.samples]
    assert hub.turns() - before >= 51
    assert buckets == sorted(buckets)
    assert buckets[-1] - buckets[3] >= 1, "none took more than 25 ms"
    assert hub.metrics.registry.get_sample_value("gevent_hub_lag_seconds_sum") >= 0.03


def test_greenlets_are_counted_while_they_exist(hub):
    def count():
        return hub.metrics.registry.get_sample_value("gevent_greenlets")

    hub.monitor.greenlets()
    before = count()
    sleeping = [gevent.spawn(gevent.sleep, 60) for _ in range(20)]
    gevent.sleep(0)
    assert count() == before + 20
    assert set(sleeping) <= set(hub.monitor.greenlets())
    gevent.killall(sleeping)
    assert not set(sleeping) & set(hub.monitor.greenlets())
    assert count() == before
    gevent.killall([gevent.spawn(gevent.sleep, 60) for _ in range(20)])
    wait_until(lambda: count() == before, what="the end of the greenlets")


def test_another_thread_reads_how_long_the_hub_is_held(hub):
    seen, ended = [0.0], []

    def read():
        while not ended:
            seen.append(hub.monitor.busy_seconds)
            native.sleep(0.01)

    def hold_the_hub_until_it_is_read():
        until = time.monotonic() + PATIENCE_SECONDS
        while max(seen) < 0.2 and time.monotonic() < until:
            native.sleep(0.01)

    before = time.monotonic()
    gevent.sleep(0.001)  # the hub's present turn began earlier
    native.NativeThread(read).start()
    gevent.spawn(hold_the_hub_until_it_is_read).join()
    most = time.monotonic() - before
    assert 0.2 <= max(seen) <= most
    wait_until(lambda: seen[-1] < 0.1, what="a free hub")
    ended.append(True)


def test_failing_source_of_requests_is_counted_and_the_monitor_goes_on():
    errors = []
    monitor = HubMonitor(Metrics(), Guard(strict=False, on_error=errors.append), lambda: 1 / 0)
    monitor.start()
    gevent.sleep(0.05)
    for _ in range(2):
        seen = len(errors)
        gevent.spawn(native.sleep, 0.2).join()
        wait_until(lambda seen=seen: len(errors) > seen, what="another error")
    monitor.stop()
    assert set(errors) == {"hub.watch"}


def test_stopped_monitor_leaves_nothing_behind():
    hub = MonitoredHub()
    hub.monitor.start()
    hub.monitor.start()
    gevent.sleep(0.05)
    hub.monitor.stop()
    hub.monitor.stop()
    turns, greenlets = hub.turns(), len(hub.monitor.greenlets)
    gevent.spawn(native.sleep, 0.15).join()
    keep = gevent.spawn(gevent.sleep, 0)
    gevent.sleep(0.05)
    assert (hub.turns(), hub.blocked(), hub.monitor.busy_seconds) == (turns, {}, 0.0)
    assert len(hub.monitor.greenlets) <= greenlets
    keep.join()


def test_line_is_written_in_a_greenlet_that_serves_no_request(hub, caplog):
    seen = []

    class Handler(logging.Handler):
        def emit(self, line):
            seen.append((isinstance(gevent.getcurrent(), gevent.Greenlet), current_record()))

    handler = Handler()
    logging.getLogger("telemetry.hub").addHandler(handler)
    hub.serve(record(), Work(hub).wait_in_a_call_gevent_does_not_know)
    wait_until(lambda: seen, what="the line of the block")
    logging.getLogger("telemetry.hub").removeHandler(handler)
    assert seen == [(True, None)]
