"""The monitor reports how long the hub was held, by which cause and by which request."""

import logging
import time

import gevent
import pytest

from telemetry import native
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
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


def wait_in_a_call_gevent_does_not_know():
    native.sleep(0.4)


def compute():
    until = time.thread_time() + 0.4
    while time.thread_time() < until:
        pass


def compute_without_letting_go():
    assert sum(range(25_000_000)) == 312499987500000


@pytest.mark.parametrize(
    ("work", "cause"),
    [(wait_in_a_call_gevent_does_not_know, "blocked"), (compute, "cpu")],
)
def test_request_that_holds_the_hub_is_named_with_its_stack(caplog, work, cause):
    held = record()
    for _ in range(30):
        caplog.clear()
        before = time.perf_counter()
        with monitored_hub() as hub:
            before_cpu = (
                time.thread_time()
            )  # after the monitor's own walk over the heap, which is long after many tests
            hub.serve(held, work)
            cpu_seconds = time.thread_time() - before_cpu
            wait_until(lambda: caplog.records, what="the line of the block")
        most = time.perf_counter() - before
        frozen_seconds = hub.blocked().get("frozen", 0.0)
        # Otherwise the machine did not let the request run.
        if [line.request for line in caplog.records] == [held] and frozen_seconds < 0.2:
            break
    [line] = caplog.records
    blocked = hub.blocked()
    expected = {"cpu": cpu_seconds, "blocked": 0.4 if cause == "blocked" else 0.0}
    assert 0.1 < sum(blocked.values()) <= most
    # Time that the machine took away may be missing from its cause.
    assert {each: blocked.get(each, 0.0) for each in expected} == pytest.approx(
        expected, abs=0.08 + blocked.get("frozen", 0.0)
    )
    assert (line.levelname, line.request) == ("WARNING", held)
    stack = line.fields.pop("stack")
    named = max(blocked, key=blocked.get)
    assert line.fields == {
        "duration_seconds": round(sum(blocked.values()), 6),
        "blame": named,
        "method": "GET",
        "route": "/api/v1/blog/posts/<slug>",
        **{
            f"{each}_seconds": round(seconds, 6)
            for each, seconds in blocked.items()
            if seconds >= 0.001
        },
    }
    assert [frame for frame in stack if __file__ in frame][-1].endswith(f" {work.__name__}")
    assert line.getMessage() == (
        f"hub held for {sum(blocked.values()):.3f} s ({named}) by {HELD} at {stack[-1]}"
    )


@pytest.mark.slow
def test_holder_that_lets_no_thread_run_is_sampled_as_it_ends(caplog):
    # A sampling thread that gets no processor at that moment comes too late: it then names no
    # request, never another one.
    held = record()
    for _ in range(100):
        caplog.clear()
        with monitored_hub() as hub:
            hub.serve(held, compute_without_letting_go)
            wait_until(lambda: caplog.records, what="the line of the block")
        assert all(line.request in (None, held) for line in caplog.records)
        assert all(
            line.fields["stack"] or "by code that was not sampled" in line.getMessage()
            for line in caplog.records
        )
        if len(caplog.records) == 1 and caplog.records[0].fields["stack"]:
            break
    [line] = caplog.records
    assert line.request is held
    assert line.fields["stack"][-1].endswith(" compute_without_letting_go")


def test_code_outside_of_requests_is_named_by_its_stack_alone(hub, caplog):
    gevent.spawn(wait_in_a_call_gevent_does_not_know).join()
    wait_until(lambda: caplog.records, what="the line of the block")
    [line] = caplog.records
    assert line.request is None
    assert (
        line.getMessage().split(" s (blocked) by ")[1]
        == f"code outside of requests at {line.fields['stack'][-1]}"
    )
    assert line.fields["stack"][-1].endswith(" wait_in_a_call_gevent_does_not_know")


@pytest.mark.slow
def test_turn_that_several_requests_share_is_not_attributed_to_one(hub, caplog):
    one, other = record(request_id="1"), record(request_id="2")
    hub.requests += [one, other]

    def serve(request, seconds):
        request.greenlet = gevent.getcurrent()
        native.sleep(seconds)

    gevent.joinall([gevent.spawn(serve, one, 0.3), gevent.spawn(serve, other, 0.5)])
    wait_until(lambda: caplog.records, what="the line of the block")
    [line] = caplog.records
    assert line.request is other
    assert " request 2 in " in line.getMessage()
    assert " samples at " in line.getMessage()


def test_thread_that_keeps_the_interpreter_is_not_attributed_to_the_hub():
    kept_seconds = []

    def keep_the_interpreter():
        before = time.perf_counter()
        sum(range(30_000_000))
        kept_seconds.append(time.perf_counter() - before)

    # Where other processes take the processors, the threads wait for those instead of the
    # interpreter, and that is the reported cause.
    for _ in range(20):
        kept_seconds.clear()
        with monitored_hub() as hub:
            native.NativeThread(keep_the_interpreter).start()
            wait_until(lambda: kept_seconds, what="the end of the thread")
            gevent.sleep(0.1)
            blocked = hub.blocked()
        assert blocked.get("cpu", 0.0) + blocked.get("blocked", 0.0) < 0.1
        if "gil" in blocked:
            break
    assert 0.05 < blocked["gil"] < kept_seconds[0] + 0.08


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
    hub.serve(record(), wait_in_a_call_gevent_does_not_know)
    wait_until(lambda: seen, what="the line of the block")
    logging.getLogger("telemetry.hub").removeHandler(handler)
    assert seen == [(True, None)]
