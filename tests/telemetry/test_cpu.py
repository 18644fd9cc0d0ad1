"""The cpu phase is what a request's greenlets ran: not what they waited, and not what others ran."""

import time

import gevent
import pytest

from telemetry.requests.cpu_time import ATTRIBUTE, CpuPhase
from tests.telemetry.records import record

BURN_SECONDS = 0.05


@pytest.fixture
def cpu():
    phase = CpuPhase()
    phase.install()
    yield phase
    phase.uninstall()


def burn(seconds=BURN_SECONDS):
    """Run for at least so long without switching; returns for how long it was."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass
    return time.perf_counter() - began


def serve(cpu, work):
    """A request in a greenlet of its own, which does ``work`` between its begin and its end."""
    request = record()

    def run():
        request.greenlet = gevent.getcurrent()
        cpu.begin(request)
        began = time.perf_counter()
        burnt = work()
        request.duration_seconds = time.perf_counter() - began
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
    assert burnt <= request.waits["cpu"] <= request.duration_seconds - 0.1 + 0.01


def test_what_another_request_runs_meanwhile_is_its_own(cpu):
    first, first_greenlet = serve(cpu, lambda: (gevent.sleep(0.01), gevent.sleep(0.01))[0])
    second, second_greenlet = serve(cpu, lambda: burn(10 * BURN_SECONDS))
    gevent.joinall([first_greenlet, second_greenlet], raise_error=True)
    assert first.waits["cpu"] < 5 * BURN_SECONDS
    assert second.waits["cpu"] >= 10 * BURN_SECONDS


def test_children_run_for_the_request_that_spawned_them(cpu):
    def work():
        children = [gevent.spawn(burn) for _ in range(2)]
        gevent.joinall(children, raise_error=True)
        return sum(child.value for child in children)

    request, greenlet = serve(cpu, work)
    assert greenlet.get() <= request.waits["cpu"]
    assert request.waits["cpu"] >= 2 * BURN_SECONDS


def test_a_request_that_has_ended_leaves_nothing_on_its_greenlet(cpu):
    _, greenlet = serve(cpu, burn)
    greenlet.get()
    assert getattr(greenlet, ATTRIBUTE) is None
    assert cpu._running is None


@pytest.mark.slow
def test_killed_while_waiting_still_has_what_it_ran(cpu):
    request, burnt = record(), []

    def run():
        request.greenlet = gevent.getcurrent()
        cpu.begin(request)
        try:
            burnt.append(burn())
            gevent.sleep(10)
        finally:
            cpu.end(request)

    greenlet = gevent.spawn(run)
    gevent.sleep(1)
    greenlet.kill()
    assert BURN_SECONDS <= request.waits["cpu"] < burnt[0] + 0.5


def test_without_the_tracer_there_is_no_such_phase():
    request, greenlet = serve(CpuPhase(), burn)
    greenlet.get()
    assert request.waits == {}
