"""A late sampling thread knows why, however long it was idle before."""

from collections import deque

import pytest

from telemetry.hub.lateness import RESTS_PER_READING, Lateness


class Clocks:
    """The sampling thread's clocks, as a test sets them."""

    def __init__(self):
        self.ready, self.runs = 0.0, 0

    def read_ready_and_runs(self):
        return self.ready, self.runs


@pytest.fixture
def late(monkeypatch):
    clocks = Clocks()
    monkeypatch.setattr("telemetry.hub.lateness.Clocks", lambda: clocks)
    clocks.runs = 1
    return Lateness(deque(maxlen=64), 0.025), clocks


def test_late_for_the_interpreter_is_a_gap(late):
    lateness, clocks = late
    lateness.woke_up(10.0, 0.6)
    clocks.runs += 1 + 118
    assert lateness.pending(4, 10.0).cause == "blocked"
    gap, waited = lateness.settle(4)
    assert (gap.began, gap.ended, gap.cause, waited) == (9.4, 10.0, "blocked", 0.0)
    assert lateness.pending(4, 10.0) is None


def test_late_for_a_processor_is_none(late):
    lateness, clocks = late
    lateness.woke_up(10.0, 0.6)
    clocks.ready += 0.598
    assert lateness.pending(4, 10.0) is None
    assert lateness.settle(4) == (None, 0.598)


def test_a_thread_that_has_not_woken_up_yet_is_late_too(late):
    lateness, clocks = late
    lateness.woke_up(10.0, 0.0)
    clocks.runs += 2
    lateness.rest()
    assert lateness.pending(2, 10.027) is None
    gap = lateness.pending(2, 11.025)
    assert (gap.cause, gap.ended) == ("frozen", 11.025)
    assert gap.began == pytest.approx(10.025)


def test_on_time_is_none(late):
    lateness, _ = late
    lateness.woke_up(10.0, 0.001)
    assert lateness.settle(4)[0] is None


def test_hours_of_rest_are_not_counted_with_the_next_gap(late):
    lateness, clocks = late
    for _ in range(1000):
        lateness.woke_up(10.0, 0.0)
        clocks.runs += 2
        clocks.ready += 0.001
        lateness.rest()
    lateness.woke_up(11.0, 0.7)
    clocks.runs += 1
    gap, _ = lateness.settle(2)
    assert gap.cause == "frozen"
    assert gap.ended - gap.began == pytest.approx(0.7, abs=0.001 * RESTS_PER_READING + 1e-6)
