"""Which greenlets exist, which runs, and the stack of each."""

import gc
import sys
import weakref

import gevent
import pytest
from gevent.event import Event

from telemetry.greenlets import (
    FRAMES,
    LiveGreenlets,
    is_dead,
    is_running,
    running_request,
    stack_of,
    stack_of_thread,
)
from telemetry.native import NativeThread, current_thread, sleep
from tests.telemetry.records import record


def test_live_greenlets_exist_and_have_not_ended():
    before = gevent.spawn(gevent.sleep, 60)
    live = LiveGreenlets()
    live.start()
    after, ended = gevent.spawn(gevent.sleep, 60), gevent.spawn(int)
    ended.join()
    assert {before, after} <= set(live())
    assert ended not in live()
    live.stop()
    unseen = gevent.spawn(int)
    assert unseen not in live()
    gevent.killall([before, after, unseen])
    assert not {before, after, unseen} & set(live())


def test_a_weak_proxy_of_a_dead_object_does_not_end_the_walk():
    class Gone:
        pass

    target = Gone()
    proxy = weakref.proxy(target)
    found_by_the_walk = [proxy]  # a container, so that the collector knows of the proxy
    del target
    live = LiveGreenlets()
    live.start()
    live.stop()
    assert len(found_by_the_walk) == 1


def test_only_the_greenlet_that_has_the_processor_is_running():
    event, seen = Event(), []
    waiting, unstarted, ended = (
        gevent.spawn(lambda: event.wait()),  # noqa: PLW0108  # it waits at a Python frame
        gevent.Greenlet(int),
        gevent.spawn(int),
    )
    ended.join()

    def inspect():
        seen.append([is_running(each) for each in (holder, waiting, unstarted, ended, None)])
        seen.append(
            running_request(
                lambda: [record(greenlet=waiting), record(greenlet=holder, request_id="held")]
            )
        )

    def hold():
        thread = NativeThread(inspect)
        thread.start()
        while not thread.ended:
            sleep(0.001)

    holder = gevent.spawn(hold)
    holder.join()
    assert [is_running(each) for each in (gevent.getcurrent(), waiting)] == [True, False]
    assert seen[0] == [True, False, False, False, False]
    assert seen[1].request_id == "held"
    assert [is_dead(each) for each in (holder, waiting, unstarted, ended)] == [
        True,
        False,
        False,
        True,
    ]
    assert running_request(lambda: [record(greenlet=holder)]) is None
    event.set()
    waiting.join()


def test_stack_ends_with_the_innermost_frame_and_is_bounded():
    def deeper(depth):
        return deeper(depth - 1) if depth else stack_of(sys._getframe())

    stack = deeper(100)
    assert len(stack) == FRAMES
    assert stack[-1] == f"{__file__}:{deeper.__code__.co_firstlineno + 1} {deeper.__qualname__}"
    assert stack_of(None) == ()


def test_stack_of_an_ended_thread_is_empty():
    assert stack_of_thread(current_thread())[-1].endswith(" stack_of_thread")
    assert stack_of_thread(1) == ()


class Frame:
    """One frame that records whether a garbage collection was possible while it was read."""

    f_lineno = 1
    f_back = None

    def __init__(self, enabled):
        self.enabled = enabled

    @property
    def f_code(self):
        self.enabled.append(gc.isenabled())
        return stack_of.__code__


def test_no_garbage_collection_runs_during_a_walk():
    # One whose finalizer releases the interpreter would let the walked frames end: CPython 3.11
    # crashes then.
    enabled = []
    assert len(stack_of(Frame(enabled))) == 1
    assert (set(enabled), gc.isenabled()) == ({False}, True)


def test_collections_that_were_off_stay_off():
    gc.disable()
    try:
        stack_of(Frame([]))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_walk_that_fails_leaves_collections_on():
    with pytest.raises(AttributeError):
        stack_of("no frame")
    assert gc.isenabled()
