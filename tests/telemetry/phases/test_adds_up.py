"""Whatever a request does, its phases are above 0 and add up to its duration."""

import gevent
import pytest
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.queue import Queue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry.requests.record import current_record, waiting
from tests.telemetry.phases.serving import Server, burn

LOCK = Semaphore()


def nest(phase, works):
    with waiting(phase):
        run(works)


def spawn(works):
    gevent.spawn(run, works)


def join(works):
    gevent.joinall([gevent.spawn(run, [work]) for work in works], raise_error=True)


def lock(works):
    with LOCK:
        run(works[:1])


def kill(works):
    child = gevent.spawn(run, works)
    gevent.sleep(0)
    child.kill()


def give_up(works):
    with gevent.Timeout(0.001, False):
        run(works)
        Event().wait()


def queue(works):
    items = Queue()
    gevent.spawn_later(0.001, items.put, 1)
    run(works)
    items.get()


def leave_open(phase):
    record = current_record()
    wait = record.begin_wait(phase)
    gevent.sleep(0)
    gevent.spawn_later(0.002, record.end_wait, wait)


def run(works):
    for work, *arguments in works:
        work(*arguments)


PHASES = st.sampled_from(["db", "external", "client_read"])
SIMPLE = st.one_of(
    st.tuples(st.just(burn), st.floats(0, 0.002)),
    st.tuples(st.just(gevent.sleep), st.sampled_from([0, 0.0001, 0.002])),
    st.tuples(st.just(leave_open), PHASES),
    st.tuples(st.just(lambda: gevent.get_hub().threadpool.apply(int))),
)
WORKS = st.recursive(
    st.lists(SIMPLE, min_size=1, max_size=4),
    lambda inner: st.lists(
        st.one_of(
            SIMPLE,
            st.tuples(st.just(nest), PHASES, inner),
            st.tuples(st.sampled_from([spawn, join, lock, kill, give_up, queue]), inner),
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(requests=st.lists(WORKS, min_size=1, max_size=3))
def test_phases_add_up_for_every_mix(requests):
    server = Server()
    server.start()
    try:
        served = server.serve(*[lambda works=works: run(works) for works in requests])
    finally:
        server.stop()
    for record in served:
        total, duration = sum(record.phase_seconds.values()), record.duration_seconds
        assert min(record.phase_seconds.values()) >= 0
        assert abs(total - duration) <= max(1e-6, 1e-6 * duration)
