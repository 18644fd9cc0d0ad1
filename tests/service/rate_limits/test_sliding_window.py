"""Counters in memory: exact, sliding, bounded. Time is a number that the test sets."""

import pytest
from limits import parse

from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.sliding_window import Taken
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


def test_requests_pass_until_the_limit_and_are_told_what_is_left(clock):
    counters = MemoryCounters(clock=clock)
    assert [counters.take("a", parse("3/minute")) for _ in range(5)] == [
        Taken(True, 2, 60.0),
        Taken(True, 1, 60.0),
        Taken(True, 0, 60.0),
        Taken(False, 0, 60.0),
        Taken(False, 0, 60.0),
    ]


def test_a_limit_is_not_had_twice_at_the_turn_of_a_window(clock):
    counters, item = MemoryCounters(clock=clock), parse("10/minute")
    clock.now += 0.0
    assert counters.take("a", item).passed
    clock.now += 59.0
    assert [counters.take("a", item).passed for _ in range(10)] == [True] * 9 + [False]
    clock.now += 2.0
    # 59 of the last 60 seconds still are the window before: 9.8 of its 10 requests count.
    assert [counters.take("a", item).passed for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("rate", ["1/second", "3/minute", "10/minute", "7/5minutes", "600/minute"])
@pytest.mark.parametrize("seconds_between", [0.0, 0.7, 13.0, 59.0, 61.0, 130.0])
def test_who_waits_as_long_as_told_passes(clock, rate, seconds_between):
    counters, item = MemoryCounters(clock=clock), parse(rate)
    for _ in range(3):
        for _ in range(item.amount):
            counters.take("a", item)
        clock.now += seconds_between
    while (taken := counters.take("a", item)).passed:
        pass
    clock.now += taken.reset_seconds - 0.01
    assert not counters.take("a", item).passed
    clock.now += 0.02
    assert counters.take("a", item).passed


def test_everybody_and_every_limit_is_counted_alone(clock):
    counters = MemoryCounters(clock=clock)
    takes = [("a", "1/minute"), ("b", "1/minute"), ("a", "2/minute"), ("a", "1/minute")]
    assert [counters.take(key, parse(rate)).passed for key, rate in takes] == [
        True,
        True,
        True,
        False,
    ]


def test_what_has_expired_goes_as_new_ones_come(clock):
    counters, item = MemoryCounters(clock=clock), parse("10/minute")
    for number in range(1000):
        counters.take(f"old {number}", item)
    clock.now += 121.0
    for number in range(1000):
        counters.take(f"new {number}", item)
    assert len(counters) == 1000


def test_fifty_thousand_addresses_take_no_more_than_the_bound(clock):
    counters, item = MemoryCounters(most_clients=1000, clock=clock), parse("10/minute")
    for number in range(50_000):
        counters.take(str(number), item)
    assert len(counters) == 1000
