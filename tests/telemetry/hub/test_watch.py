"""The watch says how long the hub was held, by what kind of thing and by which request."""

import logging
import time

import gevent
import pytest

from telemetry import native
from telemetry.guard import Guard
from telemetry.hub import HubWatch
from telemetry.metrics import Metrics
from telemetry.requests.record import current_record
from tests.machine import PATIENCE_SECONDS
from tests.telemetry.hub.watched import Watched, eventually, watching
from tests.telemetry.records import record

HELD = "GET /api/v1/blog/posts/<slug>, request 6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"


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
def test_request_that_holds_the_hub_is_named_with_its_stack(caplog, work, blame):
    held = record()
    for _ in range(30):
        caplog.clear()
        before = time.perf_counter()
        with watching() as watched:
            before_cpu = (
                time.thread_time()
            )  # after the watch's own walk over the heap, which is long after many tests
            watched.serve(held, work)
            cpu_seconds = time.thread_time() - before_cpu
            eventually(lambda: caplog.records)
        most = time.perf_counter() - before
        if [line.request for line in caplog.records] == [held] and watched.blocked().get(
            "frozen", 0.0
        ) < 0.2:  # the machine let it
            break
    [line] = caplog.records
    shares = watched.blocked()
    expected = {"cpu": cpu_seconds, "blocked": 0.4 if blame == "blocked" else 0.0}
    assert 0.1 < sum(shares.values()) <= most
    # What the machine took meanwhile may be missing where it was taken.
    assert {kind: shares.get(kind, 0.0) for kind in expected} == pytest.approx(
        expected, abs=0.08 + shares.get("frozen", 0.0)
    )
    assert (line.levelname, line.request) == ("WARNING", held)
    stack = line.fields.pop("stack")
    named = max(shares, key=shares.get)
    assert line.fields == {
        "duration_seconds": round(sum(shares.values()), 6),
        "blame": named,
        "method": "GET",
        "route": "/api/v1/blog/posts/<slug>",
        **{
            f"{kind}_seconds": round(seconds, 6)
            for kind, seconds in shares.items()
            if seconds >= 0.001
        },
    }
    assert [frame for frame in stack if __file__ in frame][-1].endswith(f" {work.__name__}")
    assert line.getMessage() == (
        f"hub held for {sum(shares.values()):.3f} s ({named}) by {HELD} at {stack[-1]}"
    )


@pytest.mark.slow
def test_holder_that_lets_no_thread_run_is_seen_as_it_ends(caplog):
    # A watching thread that gets no processor at that moment comes too late: it then names nobody,
    # never somebody else.
    held = record()
    for _ in range(100):
        caplog.clear()
        with watching() as watched:
            watched.serve(held, compute_without_letting_go)
            eventually(lambda: caplog.records)
        assert all(line.request in (None, held) for line in caplog.records)
        assert all(
            line.fields["stack"] or "by nobody that was seen" in line.getMessage()
            for line in caplog.records
        )
        if len(caplog.records) == 1 and caplog.records[0].fields["stack"]:
            break
    [line] = caplog.records
    assert line.request is held
    assert line.fields["stack"][-1].endswith(" compute_without_letting_go")


def test_code_outside_of_requests_is_named_by_its_stack_alone(watched, caplog):
    gevent.spawn(wait_in_a_call_gevent_does_not_know).join()
    eventually(lambda: caplog.records)
    [line] = caplog.records
    assert line.request is None
    assert (
        line.getMessage().split(" s (blocked) by ")[1]
        == f"code outside of requests at {line.fields['stack'][-1]}"
    )
    assert line.fields["stack"][-1].endswith(" wait_in_a_call_gevent_does_not_know")


@pytest.mark.slow
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
    kept_seconds = []

    def keep_the_interpreter():
        before = time.perf_counter()
        sum(range(30_000_000))
        kept_seconds.append(time.perf_counter() - before)

    # Where other processes keep the threads from waiting for the interpreter, they wait for a
    # processor: that is told as such.
    for _ in range(20):
        kept_seconds.clear()
        with watching() as watched:
            native.NativeThread(keep_the_interpreter).start()
            eventually(lambda: kept_seconds)
            gevent.sleep(0.1)
            blocked = watched.blocked()
        assert blocked.get("cpu", 0.0) + blocked.get("blocked", 0.0) < 0.1
        if "gil" in blocked:
            break
    assert 0.05 < blocked["gil"] < kept_seconds[0] + 0.08


def test_every_turn_is_in_the_histogram(watched):
    before = watched.turns()
    for _ in range(50):
        gevent.sleep(0.001)
    gevent.spawn(native.sleep, 0.03).join()
    gevent.sleep(0.001)
    [family] = watched.metrics.registry.restricted_registry(
        ["gevent_hub_lag_seconds_bucket"]
    ).collect()
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
    seen, ended = [0.0], []

    def look():
        while not ended:
            seen.append(watched.watch.busy_seconds)
            native.sleep(0.01)

    def hold_the_hub_until_it_is_seen():
        until = time.monotonic() + PATIENCE_SECONDS
        while max(seen) < 0.2 and time.monotonic() < until:
            native.sleep(0.01)

    before = time.monotonic()
    gevent.sleep(0.001)  # the hub's present turn began earlier
    native.NativeThread(look).start()
    gevent.spawn(hold_the_hub_until_it_is_seen).join()
    most = time.monotonic() - before
    assert 0.2 <= max(seen) <= most
    eventually(lambda: seen[-1] < 0.1)
    ended.append(True)


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
