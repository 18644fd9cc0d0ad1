"""The hub is instrumented and restored, and nothing of it breaks a request."""

import threading
import time

import gevent
import pytest
from gevent.hub import Hub

from telemetry.greenlets import waiting_code
from telemetry.guard import Guard
from telemetry.native import start_thread
from telemetry.phases import HubPhases
from telemetry.requests.open_waits import PresentWait
from telemetry.requests.record import current_record, waiting
from tests.support.polling import wait_until
from tests.telemetry.phases.serving import Server, burn


def test_the_hub_has_its_class_back(server):
    hub = gevent.get_hub()
    assert (type(hub).__name__, isinstance(hub, Hub)) == ("PhaseHub", True)
    server.phases.start()
    server.stop()
    assert type(hub) is Hub
    server.stop()


def test_a_class_that_someone_else_gave_the_hub_is_kept():
    class Others(Hub):
        calls = 0

        def wait(self, watcher):
            Others.calls += 1
            return super().wait(watcher)

    hub = gevent.get_hub()
    hub.__class__ = Others
    server = Server()
    server.start()
    try:
        served = server.run(lambda: gevent.sleep(0.01))
    finally:
        server.stop()
        assert type(hub) is Others
        hub.__class__ = Hub
    assert (Others.calls, served.phase_seconds["sleep"] > 0.005) == (1, True)


def test_a_class_that_someone_else_gives_it_later_stays_and_phases_still_add_up(server):
    class Others(Hub):
        pass

    def work():
        with waiting("db"):
            gevent.sleep(0.01)

    hub = gevent.get_hub()
    hub.__class__ = Others
    try:
        served = server.run(work)
        server.stop()
        assert type(hub) is Others
    finally:
        hub.__class__ = Hub
    assert served.phase_seconds["db"] >= 0.005
    assert sum(served.phase_seconds.values()) == pytest.approx(served.duration_seconds)


def test_a_second_account_takes_the_hub_over(server):
    second = Server()
    second.start()
    try:
        assert "sleep" in second.run(lambda: gevent.sleep(0.01)).phase_seconds
        assert set(server.run(lambda: gevent.sleep(0.01)).phase_seconds) == {"other"}
    finally:
        second.stop()
    assert type(gevent.get_hub()) is Hub


def test_other_threads_keep_a_plain_hub_and_have_waits_with_names(server):
    served = []

    def work():
        with waiting("threadpool"):
            gevent.sleep(0.01)

    start_thread(lambda: served.append((server.run(work), type(gevent.get_hub()))))
    wait_until(lambda: served)
    [(record, hub_class)] = served
    assert hub_class is Hub
    assert set(record.phase_seconds) <= {"threadpool", "other"}
    assert record.phase_seconds["threadpool"] >= 0.005


@pytest.fixture
def long_ones():
    """A server that reports what lasts 50 ms; ``runs`` and ``hub_waits`` are what it reported."""
    serving = Server()
    serving.runs, serving.hub_waits = [], []
    serving.phases.on_long_run = lambda *facts: serving.runs.append(facts)
    serving.phases.on_long_wait = lambda *facts: serving.hub_waits.append(facts)
    serving.start()
    yield serving
    serving.stop()


@pytest.mark.slow
def test_long_runs_and_long_waits_for_the_hub_are_reported(long_ones):
    def compute():
        burn(0.2)
        gevent.sleep(0)

    victim, culprit = long_ones.serve(lambda: gevent.sleep(0.05), compute)
    [(found, began_ns, ended_ns)] = [run for run in long_ones.runs if run[0] is culprit]
    assert (found, (ended_ns - began_ns) / 1e9) == (culprit, pytest.approx(0.2, rel=0.3))
    [(_, ready_ns, ran_ns)] = [wait for wait in long_ones.hub_waits if wait[0] is victim]
    assert (ran_ns - ready_ns) / 1e9 == pytest.approx(victim.phase_seconds["hub_wait"], abs=0.02)
    assert began_ns < ready_ns < ran_ns


@pytest.mark.slow
def test_long_runs_of_no_request_and_at_the_end_of_one_are_reported(long_ones):
    def background():
        gevent.sleep(0.001)
        burn(0.2)
        gevent.sleep(0)

    # On a busy machine what runs beside them may be as long.
    gevent.spawn(background).get()
    assert {run[0] for run in long_ones.runs} == {None}
    served = long_ones.run(lambda: burn(0.2))
    assert {run[0] for run in long_ones.runs} == {None, served}
    parent = long_ones.run(lambda: gevent.spawn(burn, 0.2).get())
    assert {run[0] for run in long_ones.runs} == {None, served, parent}


@pytest.mark.slow
def test_hooks_that_raise_change_no_request():
    errors = []
    phases = HubPhases(Guard(strict=False, on_error=errors.append))
    phases.on_long_run = phases.on_long_wait = lambda *_: 1 / 0
    server = Server(phases)
    server.start()
    try:
        works = (lambda: gevent.sleep(0.01), lambda: (burn(0.1), gevent.sleep(0)))
        served = server.serve(*works)
    finally:
        server.stop()
    assert [sum(each.phase_seconds.values()) for each in served] == [
        pytest.approx(each.duration_seconds) for each in served
    ]
    assert set(errors) == {"phases.long_run", "phases.long_wait"}


def test_another_thread_reads_what_a_request_does_now(server):
    seen = []

    def watch(record):
        def read():
            now_ns = time.perf_counter_ns()
            seen.append((record.present_wait(), record.phase_seconds_until(now_ns), now_ns))

        start_thread(read)
        wait_until(lambda: seen)

    def wait_for_payments():
        record = current_record()
        gevent.spawn_later(0.005, watch, record)
        with waiting("external", "payments.example"):
            gevent.sleep(0.05)

    served = server.run(wait_for_payments)
    [(present, phases, now_ns)] = seen
    assert present == PresentWait("external", "payments.example", present.since_ns)
    assert served.started_ns < present.since_ns < now_ns
    assert sum(phases.values()) == pytest.approx((now_ns - served.started_ns) / 1e9)
    assert 0 < phases["external"] <= (now_ns - present.since_ns) / 1e9 + 1e-6


def test_a_request_that_another_one_makes_has_phases_of_its_own(server):
    inner = []

    def work():
        outer = current_record()
        inner.append(server.run(lambda: gevent.sleep(0.02), outer=outer))
        with waiting("db"):
            gevent.sleep(0.02)

    outer = server.run(work)
    assert inner[0].phase_seconds["sleep"] >= 0.015
    assert "db" not in inner[0].phase_seconds
    assert (outer.phase_seconds["sleep"] >= 0.015, outer.phase_seconds["db"] >= 0.015) == (
        True,
        True,
    )
    for record in (inner[0], outer):
        assert sum(record.phase_seconds.values()) == pytest.approx(record.duration_seconds)


def test_time_before_the_application_is_queue_but_for_what_is_known_of_it(server):
    started_ns = time.perf_counter_ns() - 500_000_000
    served = server.run(burn_a_little, started_ns=started_ns, phase_seconds={"client_read": 0.2})
    assert served.phase_seconds["client_read"] == 0.2
    assert served.phase_seconds["queue"] == pytest.approx(0.3, abs=0.05)
    assert sum(served.phase_seconds.values()) == pytest.approx(served.duration_seconds)


def burn_a_little():
    burn(0.001)


def test_the_waiting_frame_is_the_code_that_waits_and_no_machinery():
    held = threading.Lock()
    held.acquire()

    def want():
        held.acquire()

    waiting_greenlet = gevent.spawn(want)
    assert waiting_code(waiting_greenlet.gr_frame) is None
    gevent.sleep(0)
    assert waiting_code(waiting_greenlet.gr_frame).f_code is want.__code__
    held.release()
    waiting_greenlet.join()
    assert waiting_code(waiting_greenlet.gr_frame) is None
