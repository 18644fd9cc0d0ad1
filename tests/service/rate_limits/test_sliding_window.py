"""Counters in memory: exact, sliding, bounded. Time is a number that the test sets."""

import pytest
from limits import parse

from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.sliding_window import Decision
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


def test_requests_are_allowed_until_the_limit_with_what_remains(clock):
    counters = MemoryCounters(clock=clock)
    assert [counters.hit("a", parse("3/minute")) for _ in range(5)] == [
        Decision(True, 2, 60.0),
        Decision(True, 1, 60.0),
        Decision(True, 0, 60.0),
        Decision(False, 0, 60.0),
        Decision(False, 0, 60.0),
    ]


def test_limit_cannot_be_used_twice_around_the_start_of_a_window(clock):
    counters, item = MemoryCounters(clock=clock), parse("10/minute")
    clock.now += 0.0
    assert counters.hit("a", item).allowed
    clock.now += 59.0
    assert [counters.hit("a", item).allowed for _ in range(10)] == [True] * 9 + [False]
    clock.now += 2.0
    # 59 of the last 60 seconds still are the window before: 9.8 of its 10 requests count.
    assert [counters.hit("a", item).allowed for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("rate", ["1/second", "3/minute", "10/minute", "7/5minutes", "600/minute"])
@pytest.mark.parametrize("seconds_between", [0.0, 0.7, 13.0, 59.0, 61.0, 130.0])
def test_request_after_the_reset_time_is_allowed(clock, rate, seconds_between):
    counters, item = MemoryCounters(clock=clock), parse(rate)
    for _ in range(3):
        for _ in range(item.amount):
            counters.hit("a", item)
        clock.now += seconds_between
    while (taken := counters.hit("a", item)).allowed:
        pass
    clock.now += taken.reset_seconds - 0.01
    assert not counters.hit("a", item).allowed
    clock.now += 0.02
    assert counters.hit("a", item).allowed


def test_clients_and_limits_are_counted_separately(clock):
    counters = MemoryCounters(clock=clock)
    takes = [("a", "1/minute"), ("b", "1/minute"), ("a", "2/minute"), ("a", "1/minute")]
    assert [counters.hit(key, parse(rate)).allowed for key, rate in takes] == [
        True,
        True,
        True,
        False,
    ]


def test_expired_counters_are_swept_as_new_ones_come(clock):
    counters, item = MemoryCounters(clock=clock), parse("10/minute")
    for number in range(1000):
        counters.hit(f"old {number}", item)
    clock.now += 121.0
    for number in range(1000):
        counters.hit(f"new {number}", item)
    assert len(counters) == 1000


def test_fifty_thousand_addresses_stay_within_the_bound(clock):
    counters, item = MemoryCounters(max_clients=1000, clock=clock), parse("10/minute")
    for number in range(50_000):
        counters.hit(str(number), item)
    assert len(counters) == 1000
