"""Which greenlets there are, which runs, and where each is."""

import gc
import sys
import weakref

import gevent
import pytest
from gevent.event import Event

from telemetry.greenlets import (
    FRAMES,
    LivingGreenlets,
    is_dead,
    is_running,
    running_request,
    stack_of,
    stack_of_thread,
)
from telemetry.native import NativeThread, current_thread, sleep
from tests.telemetry.records import record


def test_living_are_those_that_exist_and_have_not_ended():
    before = gevent.spawn(gevent.sleep, 60)
    living = LivingGreenlets()
    living.start()
    after, ended = gevent.spawn(gevent.sleep, 60), gevent.spawn(int)
    ended.join()
    assert {before, after} <= set(living())
    assert ended not in living()
    living.stop()
    unseen = gevent.spawn(int)
    assert unseen not in living()
    gevent.killall([before, after, unseen])
    assert not {before, after, unseen} & set(living())


def test_a_weak_proxy_of_what_is_gone_does_not_end_the_walk():
    class Gone:
        pass

    target = Gone()
    proxy = weakref.proxy(target)
    found_by_the_walk = [proxy]  # a container, so that the collector knows of the proxy
    del target
    living = LivingGreenlets()
    living.start()
    living.stop()
    assert len(found_by_the_walk) == 1


def test_only_the_one_that_has_the_processor_is_running():
    event, seen = Event(), []
    waiting, unstarted, ended = (
        gevent.spawn(lambda: event.wait()),
        gevent.Greenlet(int),
        gevent.spawn(int),
    )
    ended.join()

    def look():
        seen.append([is_running(each) for each in (holder, waiting, unstarted, ended, None)])
        seen.append(
            running_request(
                lambda: [record(greenlet=waiting), record(greenlet=holder, request_id="held")]
            )
        )

    def hold():
        thread = NativeThread(look)
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


def test_stack_of_a_thread_that_is_gone_is_empty():
    assert stack_of_thread(current_thread())[-1].endswith(" stack_of_thread")
    assert stack_of_thread(1) == ()


class Frame:
    """One frame that tells whether a collection could come in while it was looked at."""

    f_lineno = 1
    f_back = None

    def __init__(self, told):
        self.told = told

    @property
    def f_code(self):
        self.told.append(gc.isenabled())
        return stack_of.__code__


def test_no_collection_comes_in_the_middle_of_a_walk():
    # One whose finalizer lets go of the interpreter would let the walked frames end: CPython 3.11
    # crashes then.
    told = []
    assert len(stack_of(Frame(told))) == 1
    assert (set(told), gc.isenabled()) == ({False}, True)


def test_what_switched_collections_off_is_left_alone():
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
