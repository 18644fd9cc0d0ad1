"""Native threads stay native, and their reports reach the hub."""

import _thread
import threading

import gevent
import pytest
from gevent import monkey

from telemetry import native
from telemetry.guard import Guard


def run_in_a_thread(work):
    thread = native.NativeThread(work)
    thread.start()
    while not thread.ended:
        gevent.sleep(0.001)


def test_functions_for_native_threads_are_not_gevents():
    assert monkey.is_module_patched("threading")
    seen = []
    run_in_a_thread(lambda: seen.append(native.current_thread()))
    [ident] = seen
    assert ident != native.current_thread()
    assert type(native.new_lock()) is not type(_thread.allocate_lock())
    assert type(native.new_lock()) is not type(threading.Lock())


def test_thread_can_start_another_without_a_hub():
    seen = []

    def start():
        native.start_thread(lambda: seen.append(native.current_thread()))
        while not seen:
            native.sleep(0.001)

    run_in_a_thread(start)
    assert len(seen) == 1


def test_error_in_a_thread_is_reported_by_a_greenlet_of_the_hub():
    reported = []

    class Reporter(Guard):
        def report(self, where, error):
            reported.append((where, str(error), native.current_thread(), type(gevent.getcurrent())))

    guard = native.HubGuard(Reporter(strict=False, on_error=pytest.fail))

    def fail():
        with guard.at("thread"):
            raise ValueError("broken")

    run_in_a_thread(fail)
    gevent.sleep(0.01)
    assert reported == [("thread", "broken", native.current_thread(), gevent.Greenlet)]


def test_function_of_a_thread_runs_on_the_hub_and_may_yield():
    hub, done = gevent.get_hub(), []

    def work(number):
        gevent.sleep(0.001)
        done.append((number, native.current_thread()))

    run_in_a_thread(lambda: native.run_on_hub(hub, work, 7))
    gevent.sleep(0.05)
    assert done == [(7, native.current_thread())]
