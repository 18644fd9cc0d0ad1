"""The watch says how long the hub was held, by what kind of thing and by which request."""

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import gevent
import pytest

from telemetry import names, native
from telemetry.context import RequestRecord, current_record
from telemetry.guard import Guard
from telemetry.hub import HubWatch
from telemetry.hub.blame import Gap, blame_of, shares_of
from telemetry.hub.clocks import Usage
from telemetry.hub.report import LOG_EVERY_SECONDS, BlockLog, Finding, Holder
from telemetry.metrics import Metrics


def record(route="/posts/<slug>", request_id="6f1e0000-0000-4000-8000-000000000001"):
    return RequestRecord(
        request_id=request_id,
        trace_id=request_id.replace("-", ""),
        method="GET",
        method_label="GET",
        path="/posts/a",
        query="",
        scheme="http",
        host="localhost",
        client_address="127.0.0.1",
        user_agent="",
        started_unix_ns=time.time_ns(),
        started_ns=time.perf_counter_ns(),
        route=route,
    )


class Watched:
    """A hub that is watched, and requests on it."""

    def __init__(self):
        self.metrics = Metrics()
        self.requests = []
        self.errors = []
        self.watch = HubWatch(self.metrics, Guard(strict=False, on_error=self.errors.append), lambda: tuple(self.requests))

    def serve(self, request, work):
        """Run ``work`` as that request; what it returns."""

        def run():
            request.greenlet = gevent.getcurrent()
            return work()

        self.requests.append(request)
        result = gevent.spawn(run).get()
        self.requests.remove(request)
        request.greenlet = None
        return result

    def blocked(self):
        """Seconds by blame, only what is not zero."""
        seconds = {blame: self.metrics.counters(names.HUB_BLOCKED)[blame,]._value.get() for blame in ("cpu", "blocked", "gil", "frozen")}
        return {blame: value for blame, value in seconds.items() if value}

    def turns(self):
        return self.metrics.registry.get_sample_value("gevent_hub_lag_seconds_count")


def eventually(condition, timeout_seconds=10.0):
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        gevent.sleep(0.01)


@contextmanager
def watching():
    watched = Watched()
    watched.watch.start()
    gevent.sleep(0.1)
    yield watched
    watched.watch.stop()
    assert watched.errors == []


@pytest.fixture
def watched(caplog):
    with caplog.at_level(logging.WARNING, logger="telemetry.hub"), watching() as watched:
        yield watched


def wait_in_a_call_gevent_does_not_know():
    native.sleep(0.4)


def compute():
    until = time.thread_time() + 0.4
    while time.thread_time() < until:
        pass


def compute_without_letting_go():
    assert sum(range(25_000_000)) == 312499987500000


@pytest.mark.parametrize(
    ("work", "blame"),
    [(wait_in_a_call_gevent_does_not_know, "blocked"), (compute, "cpu")],
)
def test_request_that_holds_the_hub_is_named_with_its_stack(watched, caplog, work, blame):
    held = record()
    before, before_cpu = time.perf_counter(), time.thread_time()
    watched.serve(held, work)
    cpu_seconds = time.thread_time() - before_cpu
    eventually(lambda: caplog.records)
    most = time.perf_counter() - before
    [line] = caplog.records
    shares = watched.blocked()
    expected = {"cpu": cpu_seconds, "blocked": 0.4 if blame == "blocked" else 0.0}
    assert 0.1 < sum(shares.values()) <= most
    # How long it waited for a processor is up to the machine; how long it computed and slept is not.
    assert {kind: shares.get(kind, 0.0) for kind in expected} == pytest.approx(expected, abs=0.08)
    assert (line.levelname, line.request) == ("WARNING", held)
    stack = line.fields.pop("stack")
    named = max(shares, key=shares.get)
    assert line.fields == {
        "duration_seconds": round(sum(shares.values()), 6),
        "blame": named,
        "method": "GET",
        "route": "/posts/<slug>",
        **{f"{kind}_seconds": round(seconds, 6) for kind, seconds in shares.items() if seconds >= 0.001},
    }
    assert [frame for frame in stack if __file__ in frame][-1].endswith(f" {work.__name__}")
    assert line.getMessage() == (
        f"hub held for {sum(shares.values()):.3f} s ({named}) by GET /posts/<slug>, request 6f1e0000-0000-4000-8000-000000000001 "
        f"at {stack[-1]}"
    )


def test_holder_that_lets_no_thread_run_is_seen_as_it_ends(caplog):
    # A watching thread that gets no processor at that moment comes too late: it then names nobody, never somebody else.
    held = record()
    for _ in range(20):
        caplog.clear()
        with watching() as watched:
            watched.serve(held, compute_without_letting_go)
            eventually(lambda: caplog.records)
        [line] = caplog.records
        if line.fields["stack"]:
            break
        assert "by nobody that was seen" in line.getMessage()
    assert line.request is held
    assert line.fields["stack"][-1].endswith(" compute_without_letting_go")


def test_code_outside_of_requests_is_named_by_its_stack_alone(watched, caplog):
    gevent.spawn(wait_in_a_call_gevent_does_not_know).join()
    eventually(lambda: caplog.records)
    [line] = caplog.records
    assert line.request is None
    assert line.getMessage().split(" s (blocked) by ")[1] == f"code outside of requests at {line.fields['stack'][-1]}"
    assert line.fields["stack"][-1].endswith(" wait_in_a_call_gevent_does_not_know")


def test_turn_that_several_requests_share_is_not_put_on_one(watched, caplog):
    one, other = record(request_id="1"), record(request_id="2")
    watched.requests += [one, other]

    def serve(request, seconds):
        request.greenlet = gevent.getcurrent()
        native.sleep(seconds)

    gevent.joinall([gevent.spawn(serve, one, 0.3), gevent.spawn(serve, other, 0.5)])
    eventually(lambda: caplog.records)
    [line] = caplog.records
    assert line.request is other
    assert " request 2 in " in line.getMessage()
    assert " looks at " in line.getMessage()


def test_other_thread_that_keeps_the_interpreter_is_told_from_the_hub():
    cpu_seconds = []

    def keep_the_interpreter():
        before = time.thread_time()
        sum(range(30_000_000))
        cpu_seconds.append(time.thread_time() - before)

    # Where other processes keep the threads from waiting for the interpreter, they wait for a processor: that is told as such.
    for _ in range(20):
        cpu_seconds.clear()
        with watching() as watched:
            native.NativeThread(keep_the_interpreter).start()
            eventually(lambda: cpu_seconds)
            gevent.sleep(0.1)
            blocked = watched.blocked()
        assert not blocked.keys() & {"cpu", "blocked"}
        if "gil" in blocked:
            break
    assert 0.05 < blocked["gil"] < cpu_seconds[0] + 0.08


def test_every_turn_is_in_the_histogram(watched):
    before = watched.turns()
    for _ in range(50):
        gevent.sleep(0.001)
    gevent.spawn(native.sleep, 0.03).join()
    gevent.sleep(0.001)
    [family] = watched.metrics.registry.restricted_registry(["gevent_hub_lag_seconds_bucket"]).collect()
    buckets = [sample.value for sample in family.samples]
    assert watched.turns() - before >= 51
    assert buckets == sorted(buckets)
    assert buckets[-1] - buckets[3] >= 1, "none took more than 25 ms"
    assert watched.metrics.registry.get_sample_value("gevent_hub_lag_seconds_sum") >= 0.03


def test_greenlets_are_counted_while_they_exist(watched):
    def count():
        return watched.metrics.registry.get_sample_value("gevent_greenlets")

    watched.watch.greenlets()
    before = count()
    sleeping = [gevent.spawn(gevent.sleep, 60) for _ in range(20)]
    gevent.sleep(0)
    assert count() == before + 20
    assert set(sleeping) <= set(watched.watch.greenlets())
    gevent.killall(sleeping)
    assert not set(sleeping) & set(watched.watch.greenlets())
    assert count() == before
    gevent.killall([gevent.spawn(gevent.sleep, 60) for _ in range(20)])
    eventually(lambda: count() == before)


def test_another_thread_sees_how_long_the_hub_is_held(watched):
    seen = []

    def look():
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            seen.append(watched.watch.busy_seconds)
            native.sleep(0.01)

    native.NativeThread(look).start()
    gevent.spawn(native.sleep, 0.3).join()
    assert 0.1 < max(seen) < 5
    gevent.sleep(0.1)
    assert seen[-1] < 0.4


def test_failing_source_of_requests_is_counted_and_the_watch_goes_on():
    errors = []
    watch = HubWatch(Metrics(), Guard(strict=False, on_error=errors.append), lambda: 1 / 0)
    watch.start()
    gevent.sleep(0.05)
    for _ in range(2):
        seen = len(errors)
        gevent.spawn(native.sleep, 0.2).join()
        eventually(lambda seen=seen: len(errors) > seen)
    watch.stop()
    assert set(errors) == {"hub.watch"}


def test_stopped_watch_leaves_nothing_behind():
    watched = Watched()
    watched.watch.start()
    watched.watch.start()
    gevent.sleep(0.05)
    watched.watch.stop()
    watched.watch.stop()
    turns, greenlets = watched.turns(), len(watched.watch.greenlets)
    gevent.spawn(native.sleep, 0.15).join()
    keep = gevent.spawn(gevent.sleep, 0)
    gevent.sleep(0.05)
    assert (watched.turns(), watched.blocked(), watched.watch.busy_seconds) == (turns, {}, 0.0)
    assert len(watched.watch.greenlets) <= greenlets
    keep.join()


@pytest.mark.parametrize(
    ("used", "gaps", "shares", "blame"),
    [
        (Usage(0.9, 0.0, 0.9), [], {"cpu": 0.9, "blocked": 0.1, "gil": 0.0, "frozen": 0.0}, "cpu"),
        (Usage(1.2, 0.0, 1.2), [Gap(100, 101)], {"cpu": 1.0, "blocked": 0.0, "gil": 0.0, "frozen": 0.0}, "cpu"),
        (Usage(0.3, 0.7, 0.3), [], {"cpu": 0.3, "blocked": 0.0, "gil": 0.0, "frozen": 0.7}, "frozen"),
        (Usage(0.0, 0.0, 1.9), [], {"cpu": 0.0, "blocked": 1.0, "gil": 0.0, "frozen": 0.0}, "blocked"),
        (Usage(0.0, 0.0, 0.9), [Gap(99, 100.9)], {"cpu": 0.0, "blocked": 0.1, "gil": 0.9, "frozen": 0.0}, "gil"),
        (Usage(0.0, 0.0, 0.0), [Gap(100.1, 100.4), Gap(100.5, 102)], {"cpu": 0.0, "blocked": 0.2, "gil": 0.0, "frozen": 0.8}, "frozen"),
        (Usage(0.4, 0.0, 0.4), [Gap(100, 100.4)], {"cpu": 0.4, "blocked": 0.6, "gil": 0.0, "frozen": 0.0}, "blocked"),
    ],
)
def test_block_is_explained_by_the_clocks(used, gaps, shares, blame):
    found = shares_of(100.0, 101.0, used, gaps)
    assert (found, blame_of(found)) == (pytest.approx(shares), blame)


def test_lines_are_limited_and_the_next_one_tells_what_was_left_out(caplog):
    now = [0.0]
    log = BlockLog(clock=lambda: now[0])
    for moment, seconds in [(0.0, 0.2), (1.0, 0.3), (2.0, 0.4), (LOG_EVERY_SECONDS, 0.5), (2 * LOG_EVERY_SECONDS, 0.6)]:
        now[0] = moment
        log.write(Finding({"frozen": seconds, "cpu": 0.0, "gil": 0.0, "blocked": 0.0}, None, 0))
    assert [line.getMessage() for line in caplog.records] == [
        "hub held for 0.200 s (frozen) by nobody that was seen",
        "hub held for 0.500 s (frozen) by nobody that was seen; 2 more since the last line (0.700 s)",
        "hub held for 0.600 s (frozen) by nobody that was seen",
    ]


def test_line_is_written_in_a_greenlet_that_serves_no_request(watched, caplog):
    seen = []

    class Handler(logging.Handler):
        def emit(self, line):
            seen.append((isinstance(gevent.getcurrent(), gevent.Greenlet), current_record()))

    handler = Handler()
    logging.getLogger("telemetry.hub").addHandler(handler)
    watched.serve(record(), wait_in_a_call_gevent_does_not_know)
    eventually(lambda: seen)
    logging.getLogger("telemetry.hub").removeHandler(handler)
    assert seen == [(True, None)]


@pytest.mark.parametrize(("seen", "share"), [(4, ""), (3, ""), (2, " in 2 of 4 looks")])
def test_share_of_the_looks_is_told_when_others_held_the_hub_too(seen, share):
    held = record()
    assert Finding({"cpu": 1.0}, Holder(held, ("a:1 f",), seen), 4).who() == f"GET /posts/<slug>, request {held.request_id}{share}"
    assert Finding({"cpu": 1.0}, Holder(None, (), seen), 4).who() == f"code outside of requests{share}"


PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gc, sys, time
import gevent
from telemetry import names, native
from telemetry.guard import Guard
from telemetry.hub import HubWatch
from telemetry.metrics import Metrics
metrics = Metrics()
watch = HubWatch(metrics, Guard(strict=True, on_error=print), tuple)
watch.start()
busy = sys.argv[1] == "busy"
def turn():
    while True:
        until = time.thread_time() + (0.05 if busy else 0)
        while time.thread_time() < until:
            pass
        gevent.sleep(0.001 if busy else 0.05)
gevent.spawn(turn)
gevent.sleep(0.3)
print("started", flush=True)
blocked = metrics.counters(names.HUB_BLOCKED)
until = time.monotonic() + 20
while blocked["frozen",]._value.get() < 0.4 and time.monotonic() < until:
    gevent.sleep(0.01)
hubs = [each for each in gc.get_objects() if isinstance(each, gevent.hub.Hub)]
print(blocked["frozen",]._value.get(), len(hubs), flush=True)
"""


@contextmanager
def patched_process(*args):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *args], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_stopped_process_was_frozen(state):
    with patched_process(state) as process:
        assert process.stdout.readline() == "started\n"
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.7)
        os.kill(process.pid, signal.SIGCONT)
        seconds, hubs = process.stdout.readline().split()
    assert float(seconds) >= 0.4
    assert hubs == "1"
