"""The cpu phase is the time that a request's greenlets ran: no waits, and no other greenlets."""

import time

import gevent
import pytest

from telemetry.guard import Guard
from telemetry.phases import HubPhases
from telemetry.requests.open_waits import LINE
from tests.telemetry.records import record

BURN_SECONDS = 0.05


@pytest.fixture
def cpu():
    phase = HubPhases(Guard(strict=True, on_error=print))
    phase.start()
    yield phase
    phase.stop()


def burn(seconds=BURN_SECONDS):
    """Run for at least so long without a switch; returns the seconds."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass
    return time.perf_counter() - began


def serve(cpu, work):
    """A request in its own greenlet, which runs ``work`` between its begin and its end."""
    request = record()

    def run():
        request.greenlet = gevent.getcurrent()
        request.started_ns = time.perf_counter_ns()
        cpu.begin(request)
        burnt = work()
        request.ended_ns = time.perf_counter_ns()
        request.duration_seconds = (request.ended_ns - request.started_ns) / 1e9
        cpu.end(request)
        return burnt

    return request, gevent.spawn(run)


def test_running_counts_and_waiting_does_not(cpu):
    def work():
        burnt = burn()
        gevent.sleep(0.1)
        return burnt + burn()

    request, greenlet = serve(cpu, work)
    burnt = greenlet.get()
    assert burnt <= request.phase_seconds["cpu"] <= request.duration_seconds - 0.1 + 0.01


def test_time_that_another_request_runs_is_not_counted(cpu):
    first, first_greenlet = serve(cpu, lambda: (gevent.sleep(0.01), gevent.sleep(0.01))[0])
    second, second_greenlet = serve(cpu, lambda: burn(10 * BURN_SECONDS))
    gevent.joinall([first_greenlet, second_greenlet], raise_error=True)
    assert first.phase_seconds["cpu"] < 5 * BURN_SECONDS
    assert second.phase_seconds["cpu"] >= 10 * BURN_SECONDS


def test_spawned_greenlets_count_for_their_request(cpu):
    def work():
        children = [gevent.spawn(burn) for _ in range(2)]
        gevent.joinall(children, raise_error=True)
        return sum(child.value for child in children)

    request, greenlet = serve(cpu, work)
    assert greenlet.get() <= request.phase_seconds["cpu"]
    assert request.phase_seconds["cpu"] >= 2 * BURN_SECONDS


def test_a_request_that_has_ended_leaves_nothing_on_its_greenlet(cpu):
    _, greenlet = serve(cpu, burn)
    greenlet.get()
    assert getattr(greenlet, LINE) is None


@pytest.mark.slow
def test_request_killed_while_waiting_still_has_its_cpu_phase(cpu):
    request, burnt = record(), []

    def run():
        request.greenlet = gevent.getcurrent()
        request.started_ns = time.perf_counter_ns()
        cpu.begin(request)
        try:
            burnt.append(burn())
            gevent.sleep(10)
        finally:
            request.ended_ns = time.perf_counter_ns()
            cpu.end(request)

    greenlet = gevent.spawn(run)
    gevent.sleep(1)
    greenlet.kill()
    assert BURN_SECONDS <= request.phase_seconds["cpu"] < burnt[0] + 0.5


def test_without_the_tracer_there_is_no_cpu_phase():
    request, greenlet = serve(HubPhases(Guard(strict=True, on_error=print)), burn)
    greenlet.get()
    assert request.phase_seconds == {}
