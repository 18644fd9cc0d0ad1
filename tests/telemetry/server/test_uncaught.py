"""Exceptions that nothing handled: each is one line and one count, whoever reports it and however
often.
"""

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
from telemetry.server.uncaught import Uncaught
from tests.telemetry.records import record


class Watched:
    """Hooks that are installed, and what came of them."""

    def __init__(self):
        self.metrics = Metrics()
        self.lifecycle = Lifecycle(self.metrics)
        self.lifecycle.ready()
        self.errors = []
        self.lines = []
        self.uncaught = Uncaught(
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
def watched(monkeypatch):
    # pytest hooks these too, to fail a test whose thread fails: here that is what is wanted.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    watched = Watched()
    handler = logging.Handler()
    handler.emit = watched.emit
    logger = logging.getLogger("telemetry.uncaught")
    logger.addHandler(handler)
    watched.uncaught.install()
    yield watched
    watched.uncaught.uninstall()
    logger.removeHandler(handler)
    assert watched.errors == []


def fail():
    raise KeyError("lost")


def line(where, kind="KeyError", *, fatal=False, request_id=None):
    return (
        "CRITICAL" if fatal else "ERROR",
        f"uncaught {kind} ({where})",
        {"where": where, "fatal": fatal},
        request_id,
    )


def test_a_greenlet_is_named_with_its_request(watched):
    inheritance.install()

    def serve():
        set_current_record(record())
        gevent.spawn(fail).join()

    gevent.spawn(serve).join()
    inheritance.uninstall()

    assert watched.lines == [line("greenlet", request_id=record().request_id)]
    assert watched.counts == {("greenlet", "false"): 1.0}
    assert watched.lifecycle.state == "ready"


def test_what_get_raises_again_is_not_counted_again(watched):
    def wait():
        gevent.spawn(fail).get()

    gevent.spawn(wait).join()

    assert (watched.lines, watched.counts) == ([line("greenlet")], {("greenlet", "false"): 1.0})


def test_a_threadpool_that_raises_again_in_the_greenlet_that_waits_counts_once(watched):
    gevent.spawn(gevent.get_hub().threadpool.apply, fail).join()

    assert (watched.lines, watched.counts) == ([line("thread")], {("thread", "false"): 1.0})


def test_a_thread(watched):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    assert (watched.lines, watched.counts) == ([line("thread")], {("thread", "false"): 1.0})


def test_a_callback_of_the_loop(watched):
    gevent.get_hub().loop.run_callback(fail)
    gevent.sleep(0.001)

    assert (watched.lines, watched.counts) == ([line("greenlet")], {("greenlet", "false"): 1.0})


def test_a_finaliser(watched):
    class Finalised:
        def __del__(self):
            fail()

    Finalised()
    gc.collect()

    assert (watched.lines, watched.counts) == ([line("unraisable")], {("unraisable", "false"): 1.0})


def test_the_main_greenlet_is_fatal(watched, monkeypatch):
    error = KeyError("lost")
    monkeypatch.setattr(sys, "__excepthook__", sys.excepthook)
    sys.excepthook(KeyError, error, None)

    assert (watched.lines, watched.counts) == ([line("main", fatal=True)], {("main", "true"): 1.0})
    assert watched.lifecycle.state == "draining"


@pytest.mark.parametrize("kind", [MemoryError, SystemError])
def test_what_cannot_be_trusted_any_more_drains(watched, kind):
    def lose():
        raise kind

    gevent.spawn(lose).join()

    assert watched.lines == [line("greenlet", kind.__name__, fatal=True)]
    assert watched.counts == {("greenlet", "true"): 1.0}
    facts = watched.lifecycle
    assert (facts.state, facts.reason, facts.exit_code) == (
        "draining",
        f"uncaught {kind.__name__}",
        1,
    )


def test_a_killed_greenlet_is_no_error(watched):
    greenlet = gevent.spawn(gevent.sleep, 30)
    gevent.sleep(0)
    greenlet.kill()

    assert (watched.lines, watched.counts, watched.lifecycle.state) == ([], {}, "ready")


@pytest.mark.parametrize(("code", "exit_code"), [(0, 0), (None, 0), (2, 1), ("why", 1)])
def test_a_greenlet_that_wants_to_exit_starts_a_drain(watched, code, exit_code):
    gevent.spawn(sys.exit, code).join()

    assert (watched.lines, watched.counts) == ([], {})
    assert (watched.lifecycle.reason, watched.lifecycle.exit_code) == (
        "SystemExit in a greenlet",
        exit_code,
    )


def test_hooks_of_others_are_called_and_come_back(monkeypatch):
    seen = []

    def theirs(args):
        seen.append(args.exc_type)

    monkeypatch.setattr(threading, "excepthook", theirs)
    hub = gevent.get_hub()
    before = (hub.handle_error, sys.excepthook, sys.unraisablehook)
    watched = Watched()
    watched.uncaught.install()
    watched.uncaught.install()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    watched.uncaught.uninstall()

    assert (seen, watched.counts) == ([KeyError], {("thread", "false"): 1.0})
    assert (hub.handle_error, sys.excepthook, sys.unraisablehook) == before
    assert threading.excepthook is theirs
