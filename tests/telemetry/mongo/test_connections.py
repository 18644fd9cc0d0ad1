"""The state of a pool follows its events, and is corrected where they are lost."""

import gevent
import pytest

from telemetry.mongo.connections import PRUNE_FROM, Connections, PoolSnapshot, copied
from telemetry.mongo.ownership import GreenletOwner
from telemetry.requests.record import set_current_record
from tests.telemetry.records import record


@pytest.fixture
def connections():
    return Connections("db:27017", max_size=10, min_size=0)


def suspended_owner(request=None):
    """Return an owner whose greenlet waits, and that greenlet."""

    def begin():
        if request is not None:
            request.greenlet = gevent.getcurrent()
            set_current_record(request)
        owners.append(GreenletOwner.current(1.0))
        gevent.sleep(60)

    owners = []
    greenlet = gevent.spawn(begin)
    gevent.sleep(0)
    return owners[0], greenlet


@pytest.fixture
def here():
    return GreenletOwner.current(1.0)


def snapshot(**counts):
    return PoolSnapshot(
        "db:27017", **{"used": 0, "idle": 0, "establishing": 0, "pending": 0, **counts}
    )


def test_connection_is_in_one_state_at_a_time(connections, here):
    seen = []
    for step in (
        lambda: connections.wait_began(here),
        lambda: connections.created(1, here),
        lambda: connections.ready(1),
        lambda: (connections.wait_ended(here.greenlet), connections.checked_out(1, here)),
        lambda: connections.checked_in(1),
        lambda: connections.closed(1),
    ):
        step()
        seen.append(connections.snapshot())
    assert seen == [
        snapshot(pending=1),
        snapshot(pending=1, establishing=1),
        snapshot(pending=1, idle=1),
        snapshot(used=1),
        snapshot(idle=1),
        snapshot(),
    ]


def test_killed_waiter_is_not_pending(connections):
    owner, greenlet = suspended_owner()
    connections.wait_began(owner)
    greenlet.kill()
    assert connections.snapshot() == snapshot()


def test_waiter_whose_request_is_over_is_not_pending(connections):
    request = record()
    owner, greenlet = suspended_owner(request)
    connections.wait_began(owner)
    assert connections.snapshot() == snapshot(pending=1)
    request.outcome = "timeout"
    assert connections.snapshot() == snapshot()
    greenlet.kill()


def test_child_of_a_request_may_outlive_it(connections):
    request = record(greenlet=gevent.getcurrent())

    def begin():
        set_current_record(request)
        connections.wait_began(GreenletOwner.current(1.0))
        gevent.sleep(60)

    child = gevent.spawn(begin)
    gevent.sleep(0)
    request.outcome = "completed"
    assert connections.snapshot() == snapshot(pending=1)
    child.kill()


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize(("idle_in_pool", "idle"), [({1}, 1), ({7}, 0), (set(), 0), (None, 1)])
def test_connection_whose_holder_is_gone_is_idle_when_the_pool_has_it(swept, idle_in_pool, idle):
    connections = Connections("db:27017", max_size=10, min_size=0, idle_now=lambda: idle_in_pool)
    owner, greenlet = suspended_owner()
    connections.checked_out(1, owner)
    greenlet.kill()
    if swept:
        connections.sweep()
        assert connections.empty == (idle == 0)
    assert connections.snapshot() == snapshot(idle=idle)


def test_sweep_drops_idle_connections_that_the_pool_does_not_have():
    connections = Connections("db:27017", max_size=10, min_size=0, idle_now=lambda: {2})
    connections.ready(1)
    connections.ready(2)
    assert connections.snapshot() == snapshot(idle=2)
    connections.sweep()
    assert connections.snapshot() == snapshot(idle=1)


def test_sweep_drops_no_idle_connection_that_may_be_on_its_way_out(here):
    connections = Connections("db:27017", max_size=10, min_size=0, idle_now=lambda: ())
    connections.ready(1)
    connections.wait_began(here)
    connections.sweep()
    assert connections.snapshot() == snapshot(idle=1, pending=1)


def test_connection_whose_opener_was_killed_is_gone(connections):
    owner, greenlet = suspended_owner()
    connections.created(1, owner)
    greenlet.kill()
    assert connections.snapshot() == snapshot()


def test_waiters_that_are_never_scraped_are_not_kept_for_ever(connections):
    killed = [suspended_owner() for _ in range(PRUNE_FROM + 1)]
    gevent.killall([greenlet for _, greenlet in killed])
    for owner, _ in killed:
        connections.wait_began(owner)
    assert len(connections._waiting) == 0


def test_copy_is_made_again_when_what_is_copied_has_changed_meanwhile():
    answers = [RuntimeError("dictionary changed size during iteration"), [1, 2]]

    def values():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert copied(values) == (1, 2)
