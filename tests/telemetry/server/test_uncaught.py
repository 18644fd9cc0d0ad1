"""Uncaught exceptions: each is one log line and one count, however often it is reported."""

import gc
import logging
import sys
import threading

import gevent
import pytest

from telemetry import names
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from telemetry.requests import inheritance
from telemetry.requests.record import current_record, set_current_record
from telemetry.server.uncaught import UncaughtExceptions
from tests.telemetry.records import record


class InstalledHooks:
    """The hooks of this process, their log lines and their counts."""

    def __init__(self):
        self.metrics = Metrics()
        self.lifecycle = Lifecycle(self.metrics)
        self.lifecycle.ready()
        self.errors = []
        self.lines = []
        self.uncaught = UncaughtExceptions(
            self.metrics, Guard(strict=False, on_error=self.errors.append), self.lifecycle
        )

    def emit(self, line):
        request = current_record()
        self.lines.append(
            (line.levelname, line.getMessage(), line.fields, request and request.request_id)
        )

    @property
    def counts(self):
        samples = self.metrics.counter(names.UNCAUGHT_EXCEPTIONS).collect()[0].samples
        return {
            tuple(sample.labels.values()): sample.value
            for sample in samples
            if sample.name.endswith("_total")
        }


@pytest.fixture
def hooks(monkeypatch):
    # pytest hooks these too, to fail a test whose thread fails: here that is what is wanted.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    hooks = InstalledHooks()
    handler = logging.Handler()
    handler.emit = hooks.emit
    logger = logging.getLogger("telemetry.uncaught")
    logger.addHandler(handler)
    hooks.uncaught.install()
    yield hooks
    hooks.uncaught.uninstall()
    logger.removeHandler(handler)
    assert hooks.errors == []


def fail():
    raise KeyError("lost")


def line(where, kind="KeyError", *, fatal=False, request_id=None):
    return (
        "CRITICAL" if fatal else "ERROR",
        f"uncaught {kind} ({where})",
        {"where": where, "fatal": fatal},
        request_id,
    )


def test_exception_of_a_greenlet_is_logged_with_its_request(hooks):
    inheritance.install()

    def serve():
        set_current_record(record())
        gevent.spawn(fail).join()

    gevent.spawn(serve).join()
    inheritance.uninstall()

    assert hooks.lines == [line("greenlet", request_id=record().request_id)]
    assert hooks.counts == {("greenlet", "false"): 1.0}
    assert hooks.lifecycle.state == "ready"


def test_exception_that_get_raises_again_is_not_counted_again(hooks):
    def wait():
        gevent.spawn(fail).get()

    gevent.spawn(wait).join()

    assert (hooks.lines, hooks.counts) == ([line("greenlet")], {("greenlet", "false"): 1.0})


def test_exception_that_a_threadpool_raises_again_is_counted_once(hooks):
    gevent.spawn(gevent.get_hub().threadpool.apply, fail).join()

    assert (hooks.lines, hooks.counts) == ([line("thread")], {("thread", "false"): 1.0})


def test_exception_of_a_thread_is_counted(hooks):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    assert (hooks.lines, hooks.counts) == ([line("thread")], {("thread", "false"): 1.0})


def test_exception_of_a_loop_callback_is_counted(hooks):
    gevent.get_hub().loop.run_callback(fail)
    gevent.sleep(0.001)

    assert (hooks.lines, hooks.counts) == ([line("greenlet")], {("greenlet", "false"): 1.0})


def test_exception_of_a_finaliser_is_counted(hooks):
    class Finalised:
        def __del__(self):
            fail()

    Finalised()
    gc.collect()

    assert (hooks.lines, hooks.counts) == ([line("unraisable")], {("unraisable", "false"): 1.0})


def test_exception_of_the_main_greenlet_is_fatal(hooks, monkeypatch):
    error = KeyError("lost")
    monkeypatch.setattr(sys, "__excepthook__", sys.excepthook)
    sys.excepthook(KeyError, error, None)

    assert (hooks.lines, hooks.counts) == ([line("main", fatal=True)], {("main", "true"): 1.0})
    assert hooks.lifecycle.state == "draining"


@pytest.mark.parametrize("kind", [MemoryError, SystemError])
def test_process_that_cannot_be_trusted_any_more_drains(hooks, kind):
    def lose():
        raise kind

    gevent.spawn(lose).join()

    assert hooks.lines == [line("greenlet", kind.__name__, fatal=True)]
    assert hooks.counts == {("greenlet", "true"): 1.0}
    facts = hooks.lifecycle
    assert (facts.state, facts.reason, facts.exit_code) == (
        "draining",
        f"uncaught {kind.__name__}",
        1,
    )


def test_killed_greenlet_is_no_error(hooks):
    greenlet = gevent.spawn(gevent.sleep, 30)
    gevent.sleep(0)
    greenlet.kill()

    assert (hooks.lines, hooks.counts, hooks.lifecycle.state) == ([], {}, "ready")


@pytest.mark.parametrize(("code", "exit_code"), [(0, 0), (None, 0), (2, 1), ("why", 1)])
def test_exit_in_a_greenlet_begins_a_drain(hooks, code, exit_code):
    gevent.spawn(sys.exit, code).join()

    assert (hooks.lines, hooks.counts) == ([], {})
    assert (hooks.lifecycle.reason, hooks.lifecycle.exit_code) == (
        "SystemExit in a greenlet",
        exit_code,
    )


def test_other_hooks_are_called_and_restored(monkeypatch):
    seen = []

    def theirs(args):
        seen.append(args.exc_type)

    monkeypatch.setattr(threading, "excepthook", theirs)
    hub = gevent.get_hub()
    before = (hub.handle_error, sys.excepthook, sys.unraisablehook)
    hooks = InstalledHooks()
    hooks.uncaught.install()
    hooks.uncaught.install()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    hooks.uncaught.uninstall()

    assert (seen, hooks.counts) == ([KeyError], {("thread", "false"): 1.0})
    assert (hub.handle_error, sys.excepthook, sys.unraisablehook) == before
    assert threading.excepthook is theirs
