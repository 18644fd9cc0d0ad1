"""Leases, on a real database."""

from datetime import UTC, datetime, timedelta

import gevent
import pytest

from service.mongo.leases import Held, Lease, Leases

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def leases(service):
    return Leases(service.mongo.database["leases"])


def test_one_of_many_concurrent_takers_gets_the_lease(leases):
    calls = [gevent.spawn(leases.take, "naps:1", now=NOON, seconds=30) for _ in range(16)]
    gevent.joinall(calls, raise_error=True)
    assert sum(isinstance(call.value, Lease) for call in calls) == 1


def test_held_lease_is_returned_with_its_expiry_and_note(leases):
    leases.take("naps:1", now=NOON, seconds=30, note="tea")
    assert leases.take("naps:1", now=NOON, seconds=60, note="cake") == Held(
        NOON + timedelta(seconds=30), "tea"
    )
    assert isinstance(leases.take("naps:2", now=NOON, seconds=30), Lease)


def test_lease_that_is_given_back_can_be_taken_at_once(leases):
    lease = leases.take("naps:1", now=NOON, seconds=30)
    leases.give_back(lease, NOON)
    assert isinstance(leases.take("naps:1", now=NOON, seconds=30), Lease)


def test_expired_lease_is_taken_over_and_its_late_holder_cannot_end_the_new_one(leases):
    dead = leases.take("naps:1", now=NOON, seconds=30)
    later = NOON + timedelta(seconds=31)
    assert isinstance(leases.take("naps:1", now=NOON + timedelta(seconds=29), seconds=30), Held)
    assert isinstance(leases.take("naps:1", now=later, seconds=30), Lease)
    leases.give_back(dead, later)
    assert isinstance(leases.take("naps:1", now=later, seconds=30), Held)


def test_leases_of_one_name_are_deleted(leases, service):
    for name, seconds in (("naps:1", 30), ("naps:2", 30), ("naps:3", 90)):
        leases.take(name, now=NOON, seconds=seconds)
    leases.forget("naps:1")
    remaining = service.mongo.database["leases"].find(sort=[("_id", 1)])
    assert [found["name"] for found in remaining] == ["naps:2", "naps:3"]
