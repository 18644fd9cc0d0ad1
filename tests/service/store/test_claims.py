"""Claims, on a real database."""

from datetime import UTC, datetime, timedelta

import gevent
import pytest

from service.store import Claims
from tests.clock import Clock

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def claims(store, clock):
    return Claims(store.database["claims"], now=clock)


def test_of_many_at_once_one_has_it(claims):
    calls = [gevent.spawn(claims.take, "naps:1", 30) for _ in range(16)]
    gevent.joinall(calls, raise_error=True)
    assert sum(call.value is not None for call in calls) == 1


def test_what_is_given_back_can_be_taken_again(claims):
    owner = claims.take("naps:1", 30)
    assert claims.take("naps:1", 30) is None
    assert claims.take("naps:2", 30) is not None
    claims.release("naps:1", owner)
    assert claims.take("naps:1", 30) is not None


def test_what_a_dead_process_left_is_taken_over_and_not_given_back_by_the_late(claims, clock):
    dead = claims.take("naps:1", 30)
    clock.now = NOON + timedelta(seconds=30)
    assert [claims.take("naps:1", 30), claims.take("naps:1", 30)] == [None, None]

    clock.now = NOON + timedelta(seconds=31)
    assert claims.take("naps:1", 30) is None  # clears it away
    assert claims.take("naps:1", 30) is not None
    claims.release("naps:1", dead)
    assert claims.take("naps:1", 30) is None
